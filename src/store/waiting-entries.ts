/**
 * The index of waiting deliveries, looked through: an entry is taken out where its event's record says that the delivery
 * has ended, or where nothing is left that could still send it. Versions before this one left such entries behind.
 */
import { z } from "zod";
import type { EndpointId } from "../core/brand.ts";
import {
  type AcceptedKey,
  deliveryId,
  ROUNDS_LOOKED_FOR,
  readDeliveryId,
  roundId,
} from "../core/delivery.ts";
import type { WaitingEntries } from "../queue/ports.ts";
import { KEEP_STATE, stateField } from "./event-record.ts";
import type { Keys } from "./keys.ts";
import type { Redis } from "./redis.ts";
import { prepareScript } from "./script.ts";

const PAGE = 250;
const LEASE_MS = 50 * 60 * 1_000;

// KEYS: the index, the line, then the events. ARGV: the state's field, then of each entry its name, its time, and the names
// of its rounds in the line. Answers with the numbers of those of which no record tells, and how many have been taken out.
const CHECK = `${KEEP_STATE}
local unknown, ended, at = {}, 0, 1
redis.call('ZREM', KEYS[1], '')
for i = 3, #KEYS do
  local member, acceptedAt, field = ARGV[at + 1], ARGV[at + 2], ARGV[1]
  local status = nil
  if not isOfAnother(KEYS[i], acceptedAt) then
    local _, found = outlineOf(redis.call('HGET', KEYS[i], field))
    status = found
  end
  if status == 'delivered' or status == 'buried' or status == 'cancelled' then
    ended = ended + redis.call('ZREM', KEYS[1], member)
  elseif not status then
    local isParked = false
    for round = 1, ${ROUNDS_LOOKED_FOR} do
      isParked = isParked or redis.call('ZSCORE', KEYS[2], ARGV[at + 2 + round])
    end
    if not isParked then unknown[#unknown + 1] = i - 3 end
  end
  at = at + 2 + ${ROUNDS_LOOKED_FOR}
end
return { unknown, ended }`;

// One that has begun to wait anew meanwhile has a state, or another time.
const TAKE_OUT = `${KEEP_STATE}
redis.call('ZREM', KEYS[1], '')
for i = 2, #KEYS do
  local member, acceptedAt = ARGV[i * 2 - 2], ARGV[i * 2 - 1]
  local isStill = redis.call('ZSCORE', KEYS[1], member) == acceptedAt
  local hasState = not isOfAnother(KEYS[i], acceptedAt) and redis.call('HEXISTS', KEYS[i], ARGV[1]) == 1
  if isStill and not hasState then redis.call('ZREM', KEYS[1], member) end
end`;

const checked = z.tuple([z.array(z.number()), z.number()]);

export function createWaitingEntries(redis: Redis, keys: Keys): WaitingEntries {
  const runCheck = prepareScript(redis, CHECK);
  const runTakeOut = prepareScript(redis, TAKE_OUT);
  return {
    takeTurn: async () => (await redis.set(keys.waitingCheck, "1", "PX", LEASE_MS, "NX")) === "OK",
    check: async (id, from) => {
      const flat = await redis.zrange(keys.waiting(id), from, `${from + PAGE - 1}`, "WITHSCORES");
      const entries = entriesIn(flat, id);
      if (entries.length === 0) return { unknown: [], next: null };
      const [unknown, ended] = checked.parse(
        await runCheck(
          [keys.waiting(id), keys.line(id).times, ...entries.map(({ event }) => keys.event(event.id))],
          [stateField(id), ...entries.flatMap((one) => [deliveryId(one), one.acceptedAt, ...roundsOf(one)])],
        ),
      );
      return {
        unknown: unknown.flatMap((at) => entries[at] ?? []),
        next: flat.length < PAGE * 2 ? null : from + PAGE - ended,
      };
    },
    takeOut: async (id, unknown) => {
      if (unknown.length === 0) return;
      await runTakeOut(
        [keys.waiting(id), ...unknown.map(({ event }) => keys.event(event.id))],
        [stateField(id), ...unknown.flatMap((one) => [deliveryId(one), one.acceptedAt])],
      );
    },
  };
}

const roundsOf = (one: AcceptedKey): readonly string[] =>
  Array.from({ length: ROUNDS_LOOKED_FOR }, (_, round) => roundId({ ...one, round }));

/** Names and times by turns. */
function entriesIn(flat: readonly string[], endpointId: EndpointId): readonly AcceptedKey[] {
  return flat.flatMap((name, at) => {
    const ids = at % 2 === 0 ? readDeliveryId(name) : null;
    return ids === null ? [] : [{ event: { id: ids.eventId }, endpointId, acceptedAt: Number(flat[at + 1]) }];
  });
}
