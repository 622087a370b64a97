/** One event with the text of its data, which is never parsed and written again; and what would become of it now. */
import type { WholeEventInJson } from "../api/routes/event-records.ts";
import type { ExplainedInJson, ExplanationInJson } from "../api/routes/test-and-explain.ts";
import { wouldSend } from "../core/dry-run.ts";
import { memberTexts } from "../core/json-text.ts";
import { ask, askText } from "./api.ts";
import { api, type Query, withQuery } from "./places.ts";

export interface ShownEvent extends WholeEventInJson {
  /** The data as it was published, to the byte. */
  readonly dataText: string;
}

/** Throws a Problem. */
export async function readEvent(id: string, signal: AbortSignal): Promise<ShownEvent> {
  const text = await askText(api("events", id), { signal });
  const event: WholeEventInJson = JSON.parse(text);
  return { ...event, dataText: memberTexts(text).get("data") ?? "null" };
}

interface EventToSend {
  readonly id?: string;
  readonly type: string;
  readonly timestamp?: string;
  readonly dataText: string;
}

/** As the API takes it; the data go as they are. */
export function eventBody({ dataText, ...event }: EventToSend): string {
  const { id, type, timestamp } = event;
  return `${JSON.stringify({ id, type, timestamp }).slice(0, -1)},"data":${dataText}}`;
}

/** A dry run of an event. Throws a Problem. */
export const explain = (event: EventToSend, query: Query, signal?: AbortSignal): Promise<ExplainedInJson> =>
  ask(withQuery(api("explain"), query), {
    method: "POST",
    body: eventBody(event),
    ...(signal !== undefined && { signal }),
  });

/** The same of an event that is on record: of course its id has been published. */
export function asIfNew(explanation: ExplanationInJson): ExplanationInJson {
  const reasons = explanation.reasons.filter(({ code }) => code !== "duplicate");
  const blockers = reasons.map((one) => ({
    ...one,
    until: one.until === null ? null : Date.parse(one.until),
  }));
  return { ...explanation, reasons, would_send: wouldSend(blockers) };
}
