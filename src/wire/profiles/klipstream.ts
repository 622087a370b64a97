/**
 * The video-analysis API's clients: five members around the job's own data, in the order they have always had.
 * What the event does not know (`job_id`, `video_id`, `data`) is cut out of its data as text, never parsed.
 * Further members of the data have no place in this body; whatever a client should see belongs into `data`.
 */
import type { PublishedEvent } from "../../core/event.ts";
import { memberTexts } from "../../core/json-text.ts";
import type { WireProfile } from "../profile.ts";
import { singleSignature } from "../single-signature.ts";

export const klipstream: WireProfile = {
  body: (event) => {
    const { jobId, videoId, data } = partsOf(event);
    const [type, timestamp] = [JSON.stringify(event.type), JSON.stringify(event.timestamp)];
    return `{"event":${type},"job_id":${jobId},"video_id":${videoId},"timestamp":${timestamp},"data":${data}}`;
  },
  headers: (_event, body, signing) => ({
    "X-KlipStream-Signature": `sha256=${singleSignature(body, signing)}`,
  }),
  isFinal: () => false,
  verification:
    "X-KlipStream-Signature is `sha256=` and the hex HMAC-SHA256 of the raw body; the key is the " +
    "secret's text",
};

/** An event that tells of no job (an endpoint may subscribe to anything) is `data` as a whole: nothing is lost. */
function partsOf({ data }: PublishedEvent): { jobId: string; videoId: string; data: string } {
  const members: ReadonlyMap<string, string> = data.trimStart().startsWith("{")
    ? memberTexts(data)
    : new Map();
  const [jobId, videoId] = [members.get("job_id"), members.get("video_id")];
  if (jobId === undefined) return { jobId: "null", videoId: "null", data };
  return { jobId, videoId: videoId ?? "null", data: members.get("data") ?? "{}" };
}
