/**
 * Pages of deliveries for people, those of the newest events first. A page is bounded by what it may look at, however
 * many events are retained, however wide one was fanned out, and however few deliveries a filter lets through.
 */
import { z } from "zod";
import { asEndpointId, type EndpointId, type EventId } from "../core/brand.ts";
import type { DeliveryState, DeliveryStatus } from "../core/delivery.ts";
import { type PublishedEvent, subscriptionCovers } from "../core/event.ts";
import { cursorInvalid, type Page, type PageRequest } from "../core/page.ts";
import { mergedPage, type Placed, type Shards, withoutPlaces } from "../core/shards.ts";
import {
  ACCEPTED_AT_FIELD,
  readAcceptedAt,
  readState,
  STATE_FIELD_PREFIX,
  stateField,
} from "./event-record.ts";
import { type FeedEntry, feedTime, readFeedEntries } from "./feed-entries.ts";
import type { Keys } from "./keys.ts";
import type { Redis } from "./redis.ts";
import { prepareScript } from "./script.ts";

/** A delivery as the record of its event has it. */
export interface StoredDelivery {
  readonly event: Pick<PublishedEvent, "id" | "type">;
  readonly endpointId: EndpointId;
  /** Epoch ms at which the event was stored; 0 where its record does not say. */
  readonly acceptedAt: number;
  /** Epoch ms at which a worker took the event on. */
  readonly createdAt: number;
  readonly state: DeliveryState;
}

export interface DeliveryFilter {
  readonly eventId: EventId | null;
  readonly endpointId: EndpointId | null;
  readonly status: DeliveryStatus | null;
  /** Epoch ms, of the creation; `until` itself is not included. */
  readonly since: number | null;
  readonly until: number | null;
  /** A type, a family (`job.*`) or everything (`*`). */
  readonly type?: string | null | undefined;
}

export interface DeliveryPages {
  /** Of one event in the order of their endpoints' ids. Throws CURSOR_INVALID. */
  readonly page: (filter: DeliveryFilter, request: PageRequest) => Promise<Page<StoredDelivery>>;
}

/** Events that are looked at for one page: as many as it mostly takes, then as many again as may be. */
const WINDOWS = [100, 400];
const STATES_MAX = 1_000;

// KEYS: events. ARGV: the only field that counts, the only status, the field to begin after in the first event, how many
// are wanted, how many may be looked at; then the events' places in the feed, where one that expired and was published
// again has another. Answers the number of the event it stopped in and the last field it saw of it, or 0; how many more
// may be looked at; and what it found. Fields are sorted, because a hash has no order that would last from one page to
// the next; of ten thousand, only as many as can be looked at.
const FIND = `
local only, status, after, wanted, looks = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local found = {}
local function nextOf(fields, most)
  local kept, worst = {}, nil
  for _, field in ipairs(fields) do
    if string.sub(field, 1, 2) == '${STATE_FIELD_PREFIX}' and field > after and not (worst and field > worst) then
      kept[#kept + 1] = field
      if #kept == 2 * most then
        table.sort(kept)
        for n = 2 * most, most + 1, -1 do kept[n] = nil end
        worst = kept[most]
      end
    end
  end
  table.sort(kept)
  return kept
end
for i, event in ipairs(KEYS) do
  local fields, last, accepted = {}, '', redis.call('HGET', event, '${ACCEPTED_AT_FIELD}') or ''
  if redis.call('HGET', event, 'feed') == ARGV[i + 5] then
    local most = (status == '' and math.min(wanted - #found, looks) or looks) + 1
    fields = nextOf(only ~= '' and { only } or redis.call('HKEYS', event), most)
  end
  for _, field in ipairs(fields) do
    if #found == wanted or looks == 0 then return { i, last, looks, found } end
    looks, last = looks - 1, field
    local state = redis.call('HGET', event, field)
    if state and (status == '' or string.match(state, '^{"round":%d+,"status":"(%a+)"') == status) then
      found[#found + 1] = { i, field, state, accepted }
    end
  end
  after = ''
end
return { 0, '', looks, found }`;

const answerSchema = z.tuple([
  z.number(),
  z.string(),
  z.number(),
  z.array(z.tuple([z.number(), z.string(), z.string(), z.string()])),
]);

interface Find {
  readonly entries: readonly FeedEntry[];
  readonly filter: DeliveryFilter;
  readonly place: Place | null;
  readonly wanted: number;
  readonly looks: number;
}

interface Found {
  readonly data: readonly Placed<StoredDelivery>[];
  /** The place at which it had found or looked at enough; null when it went through all entries. */
  readonly stoppedAt: Place | null;
  readonly looks: number;
}

export function createDeliveryPages(redis: Redis, keys: Keys): DeliveryPages {
  const read = createPlacedDeliveries(redis, keys);
  return { page: async (filter, request) => withoutPlaces(await read(filter, request)) };
}

/** Those of one event lie together. */
export function deliveriesOver(shards: Shards<ReadPlacedDeliveries>): DeliveryPages {
  return {
    page: async (filter, request) => {
      if (filter.eventId !== null) return withoutPlaces(await shards.of(filter.eventId)(filter, request));
      const reads = shards.all.map((read) => (own: PageRequest) => read(filter, own));
      return await mergedPage(reads, "newest", request);
    },
  };
}

type ReadPlacedDeliveries = (
  filter: DeliveryFilter,
  request: PageRequest,
) => Promise<Page<Placed<StoredDelivery>>>;

/** Of a shard: with the place of each. */
export function createPlacedDeliveries(redis: Redis, keys: Keys): ReadPlacedDeliveries {
  const runFind = prepareScript(redis, FIND);

  const find = async (asked: Find): Promise<Found> => {
    const { entries, place, wanted, looks } = asked;
    const { endpointId, status } = asked.filter;
    const only = endpointId === null ? "" : stateField(endpointId);
    const after = place !== null && place.at === entries[0]?.at ? place.field : "";
    const scriptKeys = entries.map((entry) => keys.event(entry.eventId));
    const args = [only, status ?? "", after, wanted, looks, ...entries.map(({ at }) => at)];
    const [stoppedIn, field, left, found] = answerSchema.parse(await runFind(scriptKeys, args));
    return {
      data: found.flatMap(([index, ...one]) => toDelivery(entries[index - 1], one)),
      stoppedAt: stoppedIn === 0 ? null : stop(asked, stoppedIn, field),
      looks: left,
    };
  };

  const ofOneEvent = async (eventId: EventId, filter: DeliveryFilter): Promise<readonly FeedEntry[]> => {
    const [type, at] = await redis.hmget(keys.event(eventId), "type", "feed");
    if (typeof type !== "string" || typeof at !== "string") return [];
    const time = feedTime(at);
    const isWithin = time >= (filter.since ?? 0) && time < (filter.until ?? Number.POSITIVE_INFINITY);
    return isWithin ? [{ at, eventId, type }] : [];
  };

  const newest = async (filter: DeliveryFilter, place: Place | null, count: number) => {
    const from = filter.since === null ? "-" : String(Math.max(0, filter.since));
    return readFeedEntries(await redis.xrevrange(keys.feed, lastOf(filter, place), from, "COUNT", count));
  };

  return async (filter, { after, limit }) => {
    const data: Placed<StoredDelivery>[] = [];
    let place = after === null ? null : readPlace(after);
    let looks = STATES_MAX;
    for (const window of WINDOWS) {
      const entries =
        filter.eventId === null
          ? await newest(filter, place, window)
          : await ofOneEvent(filter.eventId, filter);
      const wanted = entries.filter(({ type }) => isOfType(filter, type));
      const found = await find({ entries: wanted, filter, place, wanted: limit - data.length, looks });
      data.push(...found.data);
      if (found.stoppedAt !== null) return { data, next: cursorOf(found.stoppedAt) };
      const last = entries.at(-1);
      if (last === undefined || entries.length < window) return { data, next: null };
      place = { at: last.at, field: "" };
      looks = found.looks;
    }
    return { data, next: cursorOf(place) };
  };
}

const isOfType = ({ type = null }: DeliveryFilter, ofEvent: string): boolean =>
  type === null || type === "*" || subscriptionCovers(type, ofEvent);

/** The end of a page: after an event, or inside of one after this field. */
interface Place {
  readonly at: string;
  readonly field: string;
}

const PLACE_PATTERN = /^(\d{1,15}-\d{1,15})(?:\.([A-Za-z0-9_-]{1,64}))?$/;

function readPlace(cursor: string): Place {
  const [, at, endpointId] = PLACE_PATTERN.exec(cursor) ?? [];
  if (at === undefined) throw cursorInvalid(cursor);
  return { at, field: endpointId === undefined ? "" : stateField(asEndpointId(endpointId)) };
}

/** The newest entry that counts, as XREVRANGE wants it. */
function lastOf({ until }: DeliveryFilter, place: Place | null): string {
  if (place !== null && (until === null || feedTime(place.at) < until)) {
    return place.field === "" ? `(${place.at}` : place.at;
  }
  return until === null ? "+" : `(${Math.max(1, until)}-0`;
}

function cursorOf(place: Place | null): string | null {
  if (place === null || place.field === "") return place?.at ?? null;
  return `${place.at}.${place.field.slice(STATE_FIELD_PREFIX.length)}`;
}

/** After this field of the event with this number; where nothing of it was looked at, after what came before. */
function stop({ entries, place }: Find, number: number, field: string): Place {
  if (field !== "") return { at: entries[number - 1]?.at ?? "", field };
  return { at: entries[number - 2]?.at ?? place?.at ?? "", field };
}

function toDelivery(
  entry: FeedEntry | undefined,
  [field, text, accepted]: readonly [string, string, string],
): readonly Placed<StoredDelivery>[] {
  if (entry === undefined) return [];
  const { at, eventId, type } = entry;
  const endpointId = asEndpointId(field.slice(STATE_FIELD_PREFIX.length));
  const state = readState(text);
  if (state === null) return [];
  const acceptedAt = readAcceptedAt(accepted) ?? 0;
  const item = { event: { id: eventId, type }, endpointId, acceptedAt, createdAt: feedTime(at), state };
  return [{ item, place: `${at}.${endpointId}` }];
}
