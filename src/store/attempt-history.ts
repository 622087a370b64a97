/**
 * Reads back what the attempt log has written of one endpoint, newest first. An endpoint's stream is trimmed and
 * expires, so this is the recent past; a page looks at a bounded part of it, whatever its filter leaves out.
 */
import type { AttemptFilter, AttemptRecord, LoggedAttempt } from "../core/attempt.ts";
import type { EndpointId } from "../core/brand.ts";
import { subscriptionCovers } from "../core/event.ts";
import { cursorInvalid, type Page, type PageRequest } from "../core/page.ts";
import { mergedPage, type Placed, withoutPlaces } from "../core/shards.ts";
import { readRecord } from "./attempt-record.ts";
import { STREAM_ID_PATTERN } from "./feed-entries.ts";
import type { Keys } from "./keys.ts";
import type { Redis } from "./redis.ts";

export type ReadAttempts = (
  id: EndpointId,
  filter: AttemptFilter,
  page: PageRequest,
) => Promise<Page<LoggedAttempt>>;

const LOOKED_AT_MAX = 1_000;
const READ_TOGETHER = 250;

type Entry = readonly [id: string, fields: readonly string[]];

/** Of a shard: with the place of each. */
type ReadPlacedAttempts = (
  id: EndpointId,
  filter: AttemptFilter,
  page: PageRequest,
) => Promise<Page<Placed<LoggedAttempt>>>;

/** Throws CURSOR_INVALID. */
export function createAttemptHistory(redis: Redis, keys: Keys): ReadAttempts {
  const read = createPlacedHistory(redis, keys);
  return async (id, filter, page) => withoutPlaces(await read(id, filter, page));
}

/** Throws CURSOR_INVALID. */
export function historyOver(shards: readonly ReadPlacedAttempts[]): ReadAttempts {
  return (id, filter, page) =>
    mergedPage(
      shards.map((read) => (own: PageRequest) => read(id, filter, own)),
      "newest",
      page,
    );
}

export function createPlacedHistory(redis: Redis, keys: Keys): ReadPlacedAttempts {
  return async (id, filter, { after, limit }) => {
    const data: Placed<LoggedAttempt>[] = [];
    const together = isSelective(filter) ? READ_TOGETHER : limit;
    let place = checked(after);
    for (let lookedAt = 0; lookedAt < LOOKED_AT_MAX; lookedAt += together) {
      const range = rangeBefore(place, filter);
      const entries = await redis.xrevrange(keys.attempts(id), ...range, "COUNT", together);
      place = take(entries, filter, limit, data);
      if (data.length === limit) return { data, next: place };
      if (entries.length < together) return { data, next: null };
    }
    return { data, next: place };
  };
}

function checked(cursor: string | null): string | null {
  if (cursor !== null && !STREAM_ID_PATTERN.test(cursor)) throw cursorInvalid(cursor);
  return cursor;
}

/** Of stream ids, newest first; they begin with the time. */
function rangeBefore(place: string | null, { since, until }: AttemptFilter): [string, string] {
  const oldest = String(since ?? "-");
  return place === null ? [String(until ?? "+"), oldest] : [`(${place}`, oldest];
}

/** Adds what matches until `limit` is reached; returns the id of the last entry looked at. */
function take(
  entries: readonly Entry[],
  filter: AttemptFilter,
  limit: number,
  data: Placed<LoggedAttempt>[],
): string | null {
  let place: string | null = null;
  for (const [id, fields] of entries) {
    place = id;
    if (!mayMatch(fields, filter)) continue;
    const attempt = readEntry(fields);
    if (attempt !== null && matches(attempt.record, filter)) data.push({ item: attempt, place: id });
    if (data.length === limit) break;
  }
  return place;
}

/** The fields of a stream's entry, in pairs; null where they hold no attempt. */
function readEntry([, text = "", , excerpt = ""]: readonly string[]): LoggedAttempt | null {
  const record = readRecord(text);
  return record === null ? null : { record, excerpt };
}

/** Looks at the text alone: to parse a thousand records, of which few match, would be most of the work. */
function mayMatch([, text = ""]: readonly string[], { verdict }: AttemptFilter): boolean {
  return verdict === undefined || text.includes(`"verdict":"${verdict}"`);
}

const isSelective = ({ verdict, eventType }: AttemptFilter): boolean =>
  verdict !== undefined || eventType !== undefined;

function matches(record: AttemptRecord, { verdict, eventType }: AttemptFilter): boolean {
  return (
    (verdict === undefined || record.verdict === verdict) &&
    (eventType === undefined || eventType === "*" || subscriptionCovers(eventType, record.eventType))
  );
}
