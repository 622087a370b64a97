/**
 * Events of the video-analysis API about its jobs. The producer passes the parts of klipstream's body that the event
 * itself does not know: `{ job_id, video_id, data }`. The body's `event` and `timestamp` come from the event, and
 * `data` is nested rather than spread so that its text can be carried over byte for byte.
 */
import { anyObject, object, text } from "./fields.ts";
import { known } from "./known-event.ts";

const job = object({ job_id: text, video_id: text, data: anyObject.nullish() });

const ids = { job_id: "job_7d1f", video_id: "vid_20f3" };

export const jobEvents = {
  "job.started": known(job, "The analysis of a video has begun.", { ...ids, data: { stages: 4 } }),
  "job.progress": known(job, "A job is on its way.", {
    ...ids,
    data: { progress: 40, stage: "transcription" },
  }),
  "job.stage_changed": known(job, "A job has moved on to another stage.", {
    ...ids,
    data: { from: "transcription", to: "scene_detection" },
  }),
  "job.completed": known(job, "A job is done; its result can be fetched.", {
    ...ids,
    data: { duration_seconds: 93.5, scenes: 12 },
  }),
  "job.failed": known(job, "A job has failed for good.", { ...ids, data: { error: "unsupported codec" } }),
  "job.cancelled": known(job, "A job was cancelled before it was done.", {
    ...ids,
    data: { cancelled_by: "user" },
  }),
};
