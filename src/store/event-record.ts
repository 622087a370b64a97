/**
 * The hash of an event: itself, when it was taken on, and a field for each of its deliveries. Several modules write the
 * deliveries' states; by which rule one state replaces another is written here, once.
 */
import { z } from "zod";
import type { EndpointId } from "../core/brand.ts";
import { DELIVERY_STATUSES, type DeliveryState } from "../core/delivery.ts";
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

/** Null for what is no time. */
export const readAcceptedAt = (text: string | null | undefined): number | null =>
  /^\d{1,15}$/.test(text ?? "") ? Number(text) : null;

const stateSchema = z.object({
  round: z.number(),
  status: z.enum(DELIVERY_STATUSES),
  attempts: z.array(pastAttemptSchema),
  nextAttemptAt: z.number().nullable(),
  because: z.enum(BURY_REASONS).nullable(),
});

/**
 * The part of a state that every version writes, and a re-run must know so as not to send again what is over. One that
 * this version has no name for is not over.
 */
const outlineSchema = z
  .object({ round: z.number(), status: z.string().pipe(z.enum(DELIVERY_STATUSES).catch("held")) })
  .transform((outline) => ({ ...outline, attempts: [], nextAttemptAt: null, because: null }));

/**
 * Without its attempts where a later version has written of them what this one cannot read. Null for what is no state: it
 * counts as none, so that the delivery goes on rather than nowhere.
 */
export function readState(text: string): DeliveryState | null {
  return readText(stateSchema, text) ?? readText(outlineSchema, text);
}

/** The field that names the stream entry of an attempt whose answer had something to say. */
export const excerptField = (id: EndpointId, round: number, attemptNumber: number): string =>
  `x:${id}#${round}.${attemptNumber}`;

/** Round and status come first: scripts read a state by how it begins. */
export function stateText({ round, status, attempts, nextAttemptAt, because }: DeliveryState): string {
  return JSON.stringify({ round, status, attempts, nextAttemptAt, because });
}

/** The state of one that waits and that nothing has been tried of in its round. */
export const heldText = (round: number): string =>
  stateText({ round, status: "held", attempts: [], nextAttemptAt: null, because: null });

/**
 * Lua, to be put before a script: `keepState(event, field, state, retention, acceptedAt)` writes a delivery's state and
 * answers 1, or leaves what overrules it and answers 0. Where its event's record has expired, and is now that of another
 * event with the same id, it answers 1 and writes nothing: neither may be taken for the other. What was delivered stays
 * so, and so does what was cancelled unless it was delivered all the same; nothing of an earlier round counts any more. A
 * state written after its event has expired (a retry days later) must not stay for ever: who claims an event lets it
 * expire, so that is for who finds no event.
 */
export const KEEP_STATE = `
local function isOfAnother(event, acceptedAt)
  local accepted = redis.call('HGET', event, '${ACCEPTED_AT_FIELD}')
  return accepted and accepted ~= acceptedAt, accepted
end
local function keepState(event, field, state, retention, acceptedAt)
  local isAnother, accepted = isOfAnother(event, acceptedAt)
  if isAnother then return 1 end
  local round, status = string.match(state, '^{"round":(%d+),"status":"(%a+)"')
  local old = status ~= 'delivered' and redis.call('HGET', event, field)
  if old then
    local oldRound, oldStatus = string.match(old, '^{"round":(%d+),"status":"(%a+)"')
    if oldRound and tonumber(oldRound) > tonumber(round) then return 0 end
    local isOver = oldStatus == 'delivered' or oldStatus == 'cancelled' or status == 'held'
    if oldRound == round and isOver then return 0 end
  end
  redis.call('HSET', event, field, state)
  if not accepted and redis.call('PTTL', event) < 0 then redis.call('PEXPIRE', event, retention) end
  return 1
end
`;
