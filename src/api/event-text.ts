/**
 * Answers that hold an event's data. They are written by hand: the data is JSON text already, and parsing and writing
 * it again would change big integers, duplicate keys and escapes (decision 6).
 */
import type { Page } from "../core/page.ts";

interface WithData {
  /** JSON text. */
  readonly data: unknown;
  /** The part for the legacy bus, whose data is JSON text, too. */
  readonly legacy?: { readonly data: unknown } | undefined;
}

export function eventText({ data, legacy, ...rest }: WithData): string {
  const part = legacy === undefined ? "" : `"legacy":{"data":${String(legacy.data)}},`;
  return `${JSON.stringify(rest).slice(0, -1)},${part}"data":${String(data)}}`;
}

export function eventsText({ data, next }: Page<WithData>): string {
  return `{"data":[${data.map(eventText).join(",")}],"next":${JSON.stringify(next)}}`;
}
