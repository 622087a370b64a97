/**
 * The feed: events in the order in which workers took them on, for receivers that pull what no webhook brought. Events
 * come as they were published, byte for byte. What has expired is passed over.
 */
import { z } from "zod";
import { asEventId, type EventId } from "../core/brand.ts";
import { type PublishedEvent, subscriptionCovers } from "../core/event.ts";
import { cursorInvalid, type Page, type PageRequest } from "../core/page.ts";
import {
  joinPlaces,
  mergedPage,
  type Placed,
  type ReadPlaced,
  type Shards,
  withoutPlaces,
} from "../core/shards.ts";
import { type FeedEntry, feedTime, readFeedEntries, STREAM_ID_PATTERN } from "./feed-entries.ts";
import type { Keys } from "./keys.ts";
import type { Redis } from "./redis.ts";
import { prepareScript } from "./script.ts";

export interface FeedFilter {
  /** A type, a family (`job.*`) or `*`, as in a subscription; null means `*`. */
  readonly type: string | null;
  /** Epoch ms: only what was taken on then or later. */
  readonly since: number | null;
  /** Epoch ms: only what was taken on before. */
  readonly until?: number | null | undefined;
  /** Only the event that has this id. */
  readonly id?: EventId | null | undefined;
}

export interface Feed {
  /**
   * Oldest first. A feed grows: there is a `next` as long as there was anything to look at, so that whoever follows
   * never has to read a page again. Throws CURSOR_INVALID.
   */
  readonly page: (filter: FeedFilter, request: PageRequest) => Promise<Page<PublishedEvent>>;
  /** Newest first, for people: `next` is null at the oldest that there is. Throws CURSOR_INVALID. */
  readonly latest: (filter: FeedFilter, request: PageRequest) => Promise<Page<PublishedEvent>>;
  /** The place of its newest entry; null while there is none. */
  readonly end: () => Promise<string | null>;
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

type ReadPlacedEvents = (filter: FeedFilter, request: PageRequest) => ReturnType<ReadPlaced<PublishedEvent>>;

/** The feed of a shard: with the place of each event. */
interface PlacedFeed extends Pick<Feed, "end"> {
  readonly page: ReadPlacedEvents;
  readonly latest: ReadPlacedEvents;
}

export function createFeed(redis: Redis, keys: Keys): Feed {
  const { page, latest, end } = createPlacedFeed(redis, keys);
  return {
    end,
    page: async (filter, request) => withoutPlaces(await page(filter, request)),
    latest: async (filter, request) => withoutPlaces(await latest(filter, request)),
  };
}

/** A receiver that goes on where it left off has a place in each: what one is late with is not passed over. */
export function feedOver(shards: Shards<PlacedFeed>): Feed {
  const over =
    (which: "page" | "latest", order: Parameters<typeof mergedPage>[1]): Feed["page"] =>
    async (filter, request) => {
      const { id = null } = filter;
      if (id !== null) return withoutPlaces(await shards.of(id)[which](filter, request));
      const reads = shards.all.map((feed) => (own: PageRequest) => feed[which](filter, own));
      return await mergedPage(reads, order, request);
    };
  return {
    end: async () => {
      const ends = await Promise.all(shards.all.map((feed) => feed.end()));
      return ends.every((end) => end === null) ? null : joinPlaces(ends.map((end) => end ?? ""));
    },
    page: over("page", "oldest"),
    latest: over("latest", "newest"),
  };
}

export function createPlacedFeed(redis: Redis, keys: Keys): PlacedFeed {
  const runRead = prepareScript(redis, READ);

  const read = async (entries: readonly FeedEntry[]) => {
    if (entries.length === 0) return [];
    const scriptKeys = entries.map(({ eventId }) => keys.event(eventId));
    const places = entries.map(({ at }) => at);
    return eventsSchema.parse(await runRead(scriptKeys, places));
  };

  /** Of these entries, in their order; `last` is the place to go on from, `isAll` whether nothing of them is left. */
  const take = async (entries: readonly FeedEntry[], type: string | null, limit: number) => {
    const wanted = entries.filter((entry) => subscriptionCovers(type ?? "*", entry.type));
    const asked = wanted.slice(0, limit);
    const events = await read(asked);
    const isAll = events.length === wanted.length;
    const last = isAll ? entries.at(-1) : asked[events.length - 1];
    const data = asked
      .slice(0, events.length)
      .flatMap(({ at }, nth) => toEvent(events[nth] ?? []).map((item) => ({ item, place: at })));
    return { data, last, isAll };
  };

  const findOne = async (id: EventId, filter: FeedFilter): Promise<Page<Placed<PublishedEvent>>> => {
    const [at, type] = await redis.hmget(keys.event(id), "feed", "type");
    const isThere = typeof at === "string" && typeof type === "string" && isWithin(at, type, filter);
    const entries = isThere ? [{ at, eventId: id, type }] : [];
    return { data: (await take(entries, null, 1)).data, next: null };
  };

  return {
    end: async () => (await redis.xrevrange(keys.feed, "+", "-", "COUNT", 1))[0]?.[0] ?? null,
    page: async (filter, { after, limit }) => {
      const { type, since, until = null, id = null } = filter;
      const start = startAt(after, since);
      if (id !== null) return await findOne(id, filter);
      const count = lookedAt(type, limit);
      const end = until === null ? "+" : String(Math.max(1, until) - 1);
      const entries = readFeedEntries(await redis.xrange(keys.feed, start, end, "COUNT", count));
      const { data, last, isAll } = await take(entries, type, limit);
      // A span that is over grows no more.
      const isEnd = isAll && entries.length < count;
      return { data, next: isEnd && until !== null ? null : (last?.at ?? null), isEnd };
    },
    latest: async (filter, { after, limit }) => {
      const { type, since, until = null, id = null } = filter;
      const end = endAt(after, until);
      if (id !== null) return await findOne(id, filter);
      const count = lookedAt(type, limit);
      const oldest = since === null ? "-" : String(Math.max(0, since));
      const entries = readFeedEntries(await redis.xrevrange(keys.feed, end, oldest, "COUNT", count));
      const { data, last, isAll } = await take(entries, type, limit);
      return { data, next: isAll && entries.length < count ? null : (last?.at ?? null) };
    },
  };
}

/** Entries for one page: a filter by type may pass over most. */
const lookedAt = (type: string | null, limit: number): number => (type === null ? limit : SCAN_MAX);

function isWithin(at: string, ofType: string, { type, since, until = null }: FeedFilter): boolean {
  const time = feedTime(at);
  const isInTime = time >= (since ?? 0) && time < (until ?? Number.POSITIVE_INFINITY);
  return isInTime && subscriptionCovers(type ?? ofType, ofType);
}

/** The entry to begin at, as XREVRANGE wants it. */
function endAt(after: string | null, until: number | null): string {
  if (after !== null && !STREAM_ID_PATTERN.test(after)) throw cursorInvalid(after);
  if (after !== null && feedTime(after) < (until ?? Number.POSITIVE_INFINITY)) return `(${after}`;
  return until === null ? "+" : `(${Math.max(1, until)}-0`;
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
