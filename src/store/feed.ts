/**
 * The feed: events in the order in which workers took them on, for receivers that pull what no webhook brought. Events
 * come as they were published, byte for byte. What has expired is passed over.
 */
import { z } from "zod";
import { asEventId } from "../core/brand.ts";
import { type PublishedEvent, subscriptionCovers } from "../core/event.ts";
import { cursorInvalid, type Page, type PageRequest } from "../core/page.ts";
import { type FeedEntry, feedTime, readFeedEntries, STREAM_ID_PATTERN } from "./feed-entries.ts";
import type { Keys } from "./keys.ts";
import type { Redis } from "./redis.ts";
import { prepareScript } from "./script.ts";

export interface FeedFilter {
  /** A type, a family (`job.*`) or `*`, as in a subscription; null means `*`. */
  readonly type: string | null;
  /** Epoch ms: only what was taken on then or later. */
  readonly since: number | null;
}

export interface Feed {
  /**
   * Oldest first. A feed grows: there is a `next` as long as there was anything to look at, so that whoever follows
   * never has to read a page again. Throws CURSOR_INVALID.
   */
  readonly page: (filter: FeedFilter, request: PageRequest) => Promise<Page<PublishedEvent>>;
  /** Newest first, for people: `next` is null at the oldest that there is. Throws CURSOR_INVALID. */
  readonly latest: (filter: FeedFilter, request: PageRequest) => Promise<Page<PublishedEvent>>;
}

/** Entries that a filter looks at for one page. */
const SCAN_MAX = 1_000;
/** Of data in one page, the last event may go beyond: a hundred events of 256 KiB would be 25 MiB. */
const PAGE_BYTES = 1_024 * 1_024;

// KEYS: events. ARGV: their places in the feed; an event that had expired and was published again has another by now.
const READ = `
local events, bytes = {}, 0
for i, key in ipairs(KEYS) do
  local isHere = redis.call('HGET', key, 'feed') == ARGV[i]
  events[i] = isHere and redis.call('HMGET', key, 'id', 'type', 'timestamp', 'data') or {}
  bytes = bytes + #(events[i][4] or '')
  if bytes >= ${PAGE_BYTES} then break end
end
return events`;

const eventsSchema = z.array(z.array(z.string().nullable()));

export function createFeed(redis: Redis, keys: Keys): Feed {
  const runRead = prepareScript(redis, READ);

  const read = async (entries: readonly FeedEntry[]) => {
    if (entries.length === 0) return [];
    const scriptKeys = entries.map(({ eventId }) => keys.event(eventId));
    const places = entries.map(({ at }) => at);
    return eventsSchema.parse(await runRead(scriptKeys, places));
  };

  /** Of these entries, in their order; `last` is the place to go on from. */
  const take = async (entries: readonly FeedEntry[], type: string | null, limit: number) => {
    const wanted = entries.filter((entry) => subscriptionCovers(type ?? "*", entry.type));
    const asked = wanted.slice(0, limit);
    const events = await read(asked);
    const last = events.length === wanted.length ? entries.at(-1) : asked[events.length - 1];
    return { data: events.flatMap(toEvent), last };
  };

  return {
    page: async ({ type, since }, { after, limit }) => {
      const rows = await redis.xrange(keys.feed, startAt(after, since), "+", "COUNT", lookedAt(type, limit));
      const { data, last } = await take(readFeedEntries(rows), type, limit);
      return { data, next: last?.at ?? null };
    },
    latest: async ({ type, since }, { after, limit }) => {
      const count = lookedAt(type, limit);
      const oldest = since === null ? "-" : String(Math.max(0, since));
      const entries = readFeedEntries(await redis.xrevrange(keys.feed, endAt(after), oldest, "COUNT", count));
      const { data, last } = await take(entries, type, limit);
      const isEnd = entries.length < count && last?.at === entries.at(-1)?.at;
      return { data, next: isEnd ? null : (last?.at ?? null) };
    },
  };
}

/** Entries for one page: a filter by type may pass over most. */
const lookedAt = (type: string | null, limit: number): number => (type === null ? limit : SCAN_MAX);

/** The entry to begin at, as XREVRANGE wants it. */
function endAt(after: string | null): string {
  if (after === null) return "+";
  if (!STREAM_ID_PATTERN.test(after)) throw cursorInvalid(after);
  return `(${after}`;
}

/** The entry to begin at, as XRANGE wants it. */
function startAt(after: string | null, since: number | null): string {
  if (after !== null && !STREAM_ID_PATTERN.test(after)) throw cursorInvalid(after);
  if (after !== null && feedTime(after) >= (since ?? 0)) return `(${after}`;
  return since === null ? "-" : String(Math.max(0, since));
}

function toEvent([id, type, timestamp, data]: readonly (string | null)[]): readonly PublishedEvent[] {
  if (typeof id !== "string" || typeof type !== "string") return [];
  return [{ id: asEventId(id), type, timestamp: timestamp ?? "", data: data ?? "" }];
}
