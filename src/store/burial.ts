/**
 * The burial of a delivery: that it was given up, its entry among the dead letters, its endpoint's count, and that it waits
 * no more, written in one step. It may be written again: a re-run does not know whether the letter itself was. The event's
 * record says which burial has been counted.
 */
import { hash, randomBytes } from "node:crypto";
import { z } from "zod";
import { deliveryId, incarnationOf } from "../core/delivery.ts";
import type { Tell } from "../core/happening.ts";
import type { LetterSummary } from "../core/letter.ts";
import type { System } from "../core/system.ts";
import { deadLetterFact, type LetterFact } from "../endpoints/operator-events.ts";
import type { BuryDelivery } from "../queue/ports.ts";
import { burialField, IS_REGISTERED, KEEP_STATE, LEAVE, stateField, stateText } from "./event-record.ts";
import type { Keys } from "./keys.ts";
import { ADD_ENTRY, addedKeys, summaryText } from "./letter-index.ts";
import { MINUTE_KEPT_MS, minuteOf } from "./minute-counts.ts";
import { type Expected, runWithRoom } from "./quarantine.ts";
import type { Redis } from "./redis.ts";
import { prepareScript } from "./script.ts";
import { HOUR_KEPT_MS, hourOf } from "./statistics.ts";

// KEYS: the event, the index of waiting ones, the registered endpoints, totals, hour, facts for operators and minute; then
// those of the entry. The HDEL
// is there for a Redis that is out of memory: see event-ledger.ts. A letter may have been removed since its burial was
// counted, hence the mark; the entry tells where the record is another event's, or a version before this one counted. Redis
// rolls nothing back: every key is read by its type first, or one that met something else would count as run again.
const BURY = `${KEEP_STATE}${LEAVE}${ADD_ENTRY}${IS_REGISTERED}
local event, waiting, endpoints, totals, hour = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local field, state, retention, acceptedAt = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
redis.call('HDEL', event, '')
redis.call('ZCARD', waiting)
for i = 4, 7 do redis.call('HLEN', KEYS[i]) end
for i = 8, #KEYS - 1 do redis.call('ZCARD', KEYS[i]) end
redis.call('HLEN', KEYS[#KEYS])
local isKept = keepState(event, field, state, retention, acceptedAt)
leave(event, field, waiting, ARGV[5], acceptedAt)
if isKept == 0 then return 'overruled' end
local isCounted = not addEntry(8, ARGV[6], ARGV[7], ARGV[8])
if not isOfAnother(event, acceptedAt) then
  local mark = redis.call('HGET', event, ARGV[9])
  if mark == ARGV[11] then return 'first' end
  isCounted = isCounted or (mark and string.match(mark, '^%d+') == ARGV[10])
  if not isCounted then redis.call('HSET', event, ARGV[9], ARGV[11]) end
end
if isCounted then return 'again' end
redis.call('HINCRBY', KEYS[7], 'buried', 1)
redis.call('PEXPIRE', KEYS[7], ${MINUTE_KEPT_MS})
if ARGV[14] ~= '' then redis.call('HSET', KEYS[6], ARGV[14], ARGV[15]) end
if isRegistered(endpoints, ARGV[12], ARGV[13]) then
  redis.call('HINCRBY', totals, 'buried', 1)
  redis.call('HINCRBY', hour, 'buried', 1)
  redis.call('PEXPIRE', hour, ${HOUR_KEPT_MS})
end
return 'first'`;

const answerSchema = z.enum(["first", "again", "overruled"]);

interface BurialDeps {
  readonly redis: Redis;
  readonly keys: Keys;
  /** For how long the record of an event is kept, in ms. */
  readonly retentionMs: number;
  readonly system: Pick<System, "now">;
  readonly tell: Tell;
  /** Is anybody told of dead letters? Of a flood of them, each would be an event. Nobody when absent. */
  readonly isHeard?: () => boolean;
}

export function createBurial(deps: BurialDeps): BuryDelivery {
  const { redis, keys, retentionMs, system, tell, isHeard = () => false } = deps;
  const runBury = prepareScript(redis, BURY);
  const holder = randomBytes(12).toString("base64url");
  let burials = 0;
  return async (delivery, summary) => {
    const { event, endpointId, acceptedAt, round, attempts } = delivery;
    const at = new Date(system.now()).toISOString();
    const own = [
      keys.event(event.id),
      keys.waiting(endpointId),
      keys.endpoints,
      keys.statistics(endpointId),
      keys.statisticsHour(endpointId, hourOf(at)),
      keys.operatorEvents,
      keys.statisticsMinute(minuteOf(at)),
    ];
    const { because } = summary;
    const ended = { round, status: "buried", attempts, nextAttemptAt: null, because } as const;
    const state = stateText({ ...ended, ...incarnationOf(delivery) });
    burials += 1;
    const args = [
      ...[stateField(endpointId), state, retentionMs, acceptedAt, deliveryId(delivery)],
      ...entryArgs(summary),
      // Its answer may be lost, and the command come again.
      ...[burialField(endpointId), round, `${round}:${holder}:${burials}`, endpointId],
      delivery.incarnation ?? "",
      ...operatorArgs(isHeard() ? deadLetterFact(delivery, summary) : null),
    ];
    const scriptKeys = [...own, ...addedKeys(keys, endpointId)];
    const run = () => runBury(scriptKeys, args);
    return answerSchema.parse(await runWithRoom(redis, () => expectedOf(scriptKeys), tell, run));
  };
}

/** The id that the event is to have, and the fact; a letter's own id says which round it is of. */
const operatorArgs = (fact: LetterFact | null): readonly string[] =>
  fact === null
    ? ["", ""]
    : [`evt_${hash("sha256", fact.letterId, "hex").slice(0, 40)}`, JSON.stringify(fact)];

const entryArgs = (summary: LetterSummary): readonly (string | number)[] => [
  Date.parse(summary.buriedAt),
  summary.id,
  summaryText(summary),
];

function expectedOf(scriptKeys: readonly string[]): readonly Expected[] {
  const types = ["hash", "zset", "hash", "hash", "hash", "hash", "hash", "zset", "zset", "hash"] as const;
  return types.flatMap((type, at) => (at === 2 ? [] : [{ key: scriptKeys[at] ?? "", type }]));
}
