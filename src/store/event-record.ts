/**
 * The hash of an event: itself, when it was taken on, and a field for each of its deliveries. Several modules write the
 * deliveries' states; by which rule one state replaces another is written here, once.
 */
import { z } from "zod";
import type { EndpointId } from "../core/brand.ts";
import { DELIVERY_STATUSES, type Delivery, type DeliveryState, incarnationOf } from "../core/delivery.ts";
import { pastAttemptSchema } from "../core/stored.ts";
import { BURY_REASONS } from "../core/verdict.ts";
import { readText } from "./record-text.ts";

/** Hash fields of deliveries start with this; the event's own fields do not. */
export const STATE_FIELD_PREFIX = "d:";

export const stateField = (id: EndpointId): string => `${STATE_FIELD_PREFIX}${id}`;

/** Epoch ms at which the event was stored, as its producer's clock says. */
export const ACCEPTED_AT_FIELD = "accepted_at";

/** The text for the legacy bus, where it is another than the event's data. */
export const LEGACY_FIELD = "legacy";

/** Its `traceparent` and `tracestate`, where it came with them. */
export const TRACE_FIELD = "trace";

/** Null for what is no time. */
export const readAcceptedAt = (text: string | null | undefined): number | null =>
  /^\d{1,15}$/.test(text ?? "") ? Number(text) : null;

const stateSchema = z.object({
  round: z.number(),
  status: z.enum(DELIVERY_STATUSES),
  attempts: z.array(pastAttemptSchema),
  nextAttemptAt: z.number().nullable(),
  because: z.enum(BURY_REASONS).nullable(),
  incarnation: z.string().exactOptional(),
});

/**
 * The part of a state that every version writes, and a re-run must know so as not to send again what is over. One that
 * this version has no name for is not over.
 */
const outlineSchema = z
  .object({
    round: z.number(),
    status: z.string().pipe(z.enum(DELIVERY_STATUSES).catch("held")),
    incarnation: z.string().exactOptional(),
  })
  .transform((outline) => ({ ...outline, attempts: [], nextAttemptAt: null, because: null }));

/**
 * Without its attempts where a later version has written of them what this one cannot read. Null for what is no state: it
 * counts as none, so that the delivery goes on rather than nowhere.
 */
export function readState(text: string): DeliveryState | null {
  return readText(stateSchema, text) ?? readText(outlineSchema, text);
}

/** The field that says of which round the burial has been counted, and by whose hand. */
export const burialField = (id: EndpointId): string => `b:${id}`;

/** The field that names the stream entry of an attempt whose answer had something to say. */
export const excerptField = (id: EndpointId, round: number, attemptNumber: number): string =>
  `x:${id}#${round}.${attemptNumber}`;

/** Round and status come first: scripts read a state by how it begins. */
export function stateText(state: DeliveryState): string {
  const { round, status, attempts, nextAttemptAt, because } = state;
  return JSON.stringify({ round, status, attempts, nextAttemptAt, because, ...incarnationOf(state) });
}

/** The state of one that waits and that nothing has been tried of in its round. */
export const heldText = ({ round, ...delivery }: Pick<Delivery, "round" | "incarnation">): string =>
  stateText({
    round,
    status: "held",
    attempts: [],
    nextAttemptAt: null,
    because: null,
    ...incarnationOf(delivery),
  });

/**
 * Lua, to be put before a script: `keepState(event, field, state, retention, acceptedAt)` writes a delivery's state and
 * answers 1, or leaves what overrules it and answers 0. Where its event's record has expired, and is now that of another
 * event with the same id, it answers 1 and writes nothing: neither may be taken for the other. What was delivered stays
 * so, and so does what was cancelled unless it was delivered all the same; nothing of an earlier round counts any more. A
 * state written after its event has expired (a retry days later) must not stay for ever: who claims an event lets it
 * expire, so that is for who finds no event. Its second answer is true where the delivery was in another state before:
 * whoever counts such a change counts it then, and not when a re-run writes the same once more.
 *
 * `isOver(event, field, round, acceptedAt)` is true where a round has come to its end, or a later one has begun.
 */
export const KEEP_STATE = `
local function isOfAnother(event, acceptedAt)
  local accepted = redis.call('HGET', event, '${ACCEPTED_AT_FIELD}')
  return accepted and accepted ~= acceptedAt, accepted
end
local function outlineOf(state)
  return string.match(state or '', '^{"round":(%d+),"status":"(%a+)"')
end
local function isOver(event, field, round, acceptedAt)
  if isOfAnother(event, acceptedAt) then return false end
  local oldRound, status = outlineOf(redis.call('HGET', event, field))
  if not oldRound or tonumber(oldRound) < tonumber(round) then return false end
  return oldRound ~= round or status == 'delivered' or status == 'buried' or status == 'cancelled'
end
local function keepState(event, field, state, retention, acceptedAt)
  local accepted, old = unpack(redis.call('HMGET', event, '${ACCEPTED_AT_FIELD}', field))
  if accepted and accepted ~= acceptedAt then return 1, true end
  local round, status = outlineOf(state)
  local oldRound, oldStatus = outlineOf(old)
  if oldRound and status ~= 'delivered' then
    if tonumber(oldRound) > tonumber(round) then return 0, false end
    local stays = oldStatus == 'delivered' or oldStatus == 'cancelled' or status == 'held'
    if oldRound == round and stays then return 0, false end
  end
  redis.call('HSET', event, field, state)
  if not accepted and redis.call('PTTL', event) < 0 then redis.call('PEXPIRE', event, retention) end
  return 1, oldRound ~= round or oldStatus ~= status
end
`;

/**
 * Lua, to be put after `KEEP_STATE`: `leave(event, field, waiting, member, acceptedAt)` takes a delivery out of the index of
 * waiting ones, unless its record says that it waits, by now in a later round. Of another event of the same id the entry's
 * own time tells.
 */
export const LEAVE = `
local function leave(event, field, waiting, member, acceptedAt)
  if isOfAnother(event, acceptedAt) then
    if redis.call('ZSCORE', waiting, member) ~= acceptedAt then return end
  else
    local _, status = outlineOf(redis.call('HGET', event, field))
    if status == 'held' or status == 'retrying' then return end
  end
  redis.call('ZREM', waiting, member)
end
`;

/**
 * Lua, to be put before a script: `isRegistered(endpoints, id, incarnation)` is true where an endpoint of this id is there and
 * is the one that something was owed to; its second answer, where it is another; its third, where it is there and takes part.
 * What is kept as long as an endpoint must not outlive it, nor be taken for another's. A record begins with its incarnation
 * (endpoint-record.ts), and quotation marks within its texts are escaped.
 */
export const IS_REGISTERED = `
local function isRegistered(endpoints, id, incarnation)
  local record = redis.call('HGET', endpoints, id)
  if not record then return false, false, false end
  local found = string.match(record, '^{"v":%d+,"incarnation":"([^"]*)"')
  local isAnother = found and incarnation ~= '' and found ~= incarnation or false
  return not isAnother, isAnother, not isAnother and string.find(record, '"isActive":true', 1, true) ~= nil
end
`;
