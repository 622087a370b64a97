/**
 * Answers that hold an event's data. They are written by hand: the data is JSON text already, and parsing and writing
 * it again would change big integers, duplicate keys and escapes (decision 6).
 */
import type { Page } from "../core/page.ts";

interface WithData {
  /** JSON text. */
  readonly data: unknown;
}

export function eventText({ data, ...rest }: WithData): string {
  return `${JSON.stringify(rest).slice(0, -1)},"data":${String(data)}}`;
}

export function eventsText({ data, next }: Page<WithData>): string {
  return `{"data":[${data.map(eventText).join(",")}],"next":${JSON.stringify(next)}}`;
}
