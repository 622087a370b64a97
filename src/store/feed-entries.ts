/** The entries of the feed, as two lists read them: one goes on where receivers left off, one looks back for people. */
import { asEventId, type EventId } from "../core/brand.ts";

export interface FeedEntry {
  /** `<epoch ms>-<n>`, by Redis' clock: when a worker took the event on, and its place in the order. */
  readonly at: string;
  readonly eventId: EventId;
  readonly type: string;
}

export const STREAM_ID_PATTERN = /^\d{1,15}-\d{1,15}$/;

/** Epoch ms. */
export const feedTime = (at: string): number => Number(at.split("-", 1)[0]);

/** `rows` as XRANGE gives them. */
export function readFeedEntries(
  rows: readonly (readonly [string, readonly string[]])[],
): readonly FeedEntry[] {
  return rows.map(([at, [, id = "", , type = ""]]) => ({ at, eventId: asEventId(id), type }));
}
