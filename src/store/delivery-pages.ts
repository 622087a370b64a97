/**
 * Pages of deliveries for people, those of the newest events first. A page is bounded by what it may look at, however
 * many events are retained, however wide one was fanned out, and however few deliveries a filter lets through.
 */
import { z } from "zod";
import { asEndpointId, type EndpointId, type EventId } from "../core/brand.ts";
import type { DeliveryState, DeliveryStatus } from "../core/delivery.ts";
import type { PublishedEvent } from "../core/event.ts";
import { cursorInvalid, type Page, type PageRequest } from "../core/page.ts";
import { readState, STATE_FIELD_PREFIX, stateField } from "./event-record.ts";
import { type FeedEntry, feedTime, readFeedEntries } from "./feed-entries.ts";
import type { Keys } from "./keys.ts";
import type { Redis } from "./redis.ts";
import { prepareScript } from "./script.ts";

/** A delivery as the record of its event has it. */
export interface RememberedDelivery {
  readonly event: Pick<PublishedEvent, "id" | "type">;
  readonly endpointId: EndpointId;
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
}

export interface DeliveryPages {
  /** Of one event in the order of their endpoints' ids. Throws CURSOR_INVALID. */
  readonly page: (filter: DeliveryFilter, request: PageRequest) => Promise<Page<RememberedDelivery>>;
}

const EVENTS_MAX = 500;
const STATES_MAX = 1_000;

// KEYS: events. ARGV: the only field that counts, the only status, the field to begin after in the first event, how many
// are wanted; then the events' places in the feed, where one that expired and was published again has another. Answers the number of the event it stopped in and the last field it saw of it, or 0; and what it found.
// Fields are sorted, because a hash has no order that would last from one page to the next.
const FIND = `
local only, status, after, wanted = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local found, looks = {}, ${STATES_MAX}
for i, event in ipairs(KEYS) do
  local fields, last, isHere = {}, '', redis.call('HGET', event, 'feed') == ARGV[i + 4]
  for _, field in ipairs(not isHere and {} or only ~= '' and { only } or redis.call('HKEYS', event)) do
    if string.sub(field, 1, 2) == '${STATE_FIELD_PREFIX}' and field > after then fields[#fields + 1] = field end
  end
  table.sort(fields)
  for _, field in ipairs(fields) do
    if #found == wanted or looks == 0 then return { i, last, found } end
    looks, last = looks - 1, field
    local state = redis.call('HGET', event, field)
    if state and (status == '' or string.match(state, '^{"round":%d+,"status":"(%a+)"') == status) then
      found[#found + 1] = { i, field, state }
    end
  end
  after = ''
end
return { 0, '', found }`;

const answerSchema = z.tuple([
  z.number(),
  z.string(),
  z.array(z.tuple([z.number(), z.string(), z.string()])),
]);

export function createDeliveryPages(redis: Redis, keys: Keys): DeliveryPages {
  const runFind = prepareScript(redis, FIND);

  const ofOneEvent = async (eventId: EventId, filter: DeliveryFilter): Promise<readonly FeedEntry[]> => {
    const [type, at] = await redis.hmget(keys.event(eventId), "type", "feed");
    if (typeof type !== "string" || typeof at !== "string") return [];
    const time = feedTime(at);
    const isWithin = time >= (filter.since ?? 0) && time < (filter.until ?? Number.POSITIVE_INFINITY);
    return isWithin ? [{ at, eventId, type }] : [];
  };

  const newest = async (filter: DeliveryFilter, place: Place | null): Promise<readonly FeedEntry[]> => {
    const from = filter.since === null ? "-" : String(Math.max(0, filter.since));
    return readFeedEntries(
      await redis.xrevrange(keys.feed, lastOf(filter, place), from, "COUNT", EVENTS_MAX),
    );
  };

  return {
    page: async (filter, { after, limit }) => {
      const place = after === null ? null : readPlace(after);
      const { eventId, endpointId, status } = filter;
      const entries = await (eventId === null ? newest(filter, place) : ofOneEvent(eventId, filter));
      const isInside = place !== null && place.at === entries[0]?.at;
      const [stoppedIn, lastField, found] = answerSchema.parse(
        await runFind(
          entries.map((entry) => keys.event(entry.eventId)),
          [
            endpointId === null ? "" : stateField(endpointId),
            status ?? "",
            isInside ? place.field : "",
            limit,
            ...entries.map(({ at }) => at),
          ],
        ),
      );
      return {
        data: found.flatMap(([index, field, text]) => toDelivery(entries[index - 1], field, text)),
        next: nextPlace(entries, stoppedIn, lastField),
      };
    },
  };
}

/** Where a page ended: with an event, or inside of one after this field. */
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

function nextPlace(entries: readonly FeedEntry[], stoppedIn: number, lastField: string): string | null {
  if (stoppedIn === 0) return entries.length === EVENTS_MAX ? (entries.at(-1)?.at ?? null) : null;
  if (lastField === "") return entries[stoppedIn - 2]?.at ?? null;
  return `${entries[stoppedIn - 1]?.at}.${lastField.slice(STATE_FIELD_PREFIX.length)}`;
}

function toDelivery(
  entry: FeedEntry | undefined,
  field: string,
  text: string,
): readonly RememberedDelivery[] {
  if (entry === undefined) return [];
  const { at, eventId, type } = entry;
  const endpointId = asEndpointId(field.slice(STATE_FIELD_PREFIX.length));
  return [{ event: { id: eventId, type }, endpointId, createdAt: feedTime(at), state: readState(text) }];
}
