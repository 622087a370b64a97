/**
 * Writes finished attempts: the delivery's state, the endpoint's stream, the fleet's recent stream, the endpoint's
 * health and its statistics, as one group per round trip. This is the "record" of record-then-settle
 * (decision 3): `record` resolves only once Redis has it, and goes on trying until then, because an attempt
 * that was answered but not recorded would be sent again (trap 5).
 */
import type { AttemptRecord, FinishedAttempt } from "../core/attempt.ts";
import type { EndpointId } from "../core/brand.ts";
import { isDestinationId } from "../core/destination.ts";
import { isWrongType } from "../core/errors.ts";
import { createGroupCommit } from "../core/group-commit.ts";
import { type Tell, tellFailure } from "../core/happening.ts";
import type { RecordAttempt } from "../deliver/ports.ts";
import { excerptField, KEEP_STATE, stateField, stateText } from "./event-record.ts";
import type { Keys } from "./keys.ts";
import { type Expected, quarantine } from "./quarantine.ts";
import type { Redis } from "./redis.ts";
import { prepareScript } from "./script.ts";
import { attemptField, HOUR_KEPT_MS, hourOf } from "./statistics.ts";

export interface AttemptLog {
  readonly record: RecordAttempt;
  /** Resolves when nothing is left to be written. */
  readonly idle: () => Promise<void>;
  /** From now on a write that fails rejects instead of being tried again: we are going down. */
  readonly giveUp: () => void;
}

const GROUP_MAX = 256;
const STREAM_MAX = 10_000;
const EXCERPT_KEPT = 1_024;
const RETRY_MS = 250;

// The recent ones of all endpoints are for whoever looks now: they come in as many entries as there were writes.
// KEYS: recent, then event and stream per attempt, then the streams once each, then health, totals and hour per
// endpoint, then the registered endpoints.
// It begins with a write that needs no memory: Redis then lets it go on when memory is short, and what is delivered
// makes room. What is kept as long as its endpoint must not outlive it, hence the HEXISTS.
const RECORD = `${KEEP_STATE}
redis.call('XTRIM', KEYS[1], 'MAXLEN', '~', ${STREAM_MAX})
local retention, attempts, at, recent = ARGV[1], tonumber(ARGV[2]), 2, {}
for i = 1, attempts do
  local event, stream = KEYS[i * 2], KEYS[i * 2 + 1]
  local acceptedAt = ARGV[at + 6]
  keepState(event, ARGV[at + 1], ARGV[at + 2], retention, acceptedAt)
  local entry = redis.call('XADD', stream, 'MAXLEN', '~', ${STREAM_MAX}, '*', 'attempt', ARGV[at + 3], 'excerpt', ARGV[at + 4])
  if ARGV[at + 4] ~= '' and not isOfAnother(event, acceptedAt) then
    redis.call('HSET', event, ARGV[at + 5], entry)
  end
  recent[i * 2 - 1], recent[i * 2] = 'attempt', ARGV[at + 3]
  at = at + 6
end
redis.call('XADD', KEYS[1], 'MAXLEN', '~', math.ceil(${STREAM_MAX} / attempts), '*', unpack(recent))
local streams = tonumber(ARGV[at + 1])
at = at + 1
for i = attempts * 2 + 2, attempts * 2 + 1 + streams do redis.call('PEXPIRE', KEYS[i], retention) end
for i = attempts * 2 + 2 + streams, #KEYS - 1, 3 do
  local last = at + 5 + ARGV[at + 5] * 2
  if redis.call('HEXISTS', KEYS[#KEYS], ARGV[at + 1]) == 1 then
    if ARGV[at + 2] == 'success' then
      redis.call('HSET', KEYS[i], 'last_success_at', ARGV[at + 3])
      redis.call('HDEL', KEYS[i], 'failing_since')
    else
      redis.call('HSETNX', KEYS[i], 'failing_since', ARGV[at + 3])
    end
    if ARGV[at + 4] ~= '0' then redis.call('HINCRBY', KEYS[i + 1], 'delivered', ARGV[at + 4]) end
    for field = at + 6, last, 2 do redis.call('HINCRBY', KEYS[i + 2], ARGV[field], ARGV[field + 1]) end
    redis.call('PEXPIRE', KEYS[i + 2], ${HOUR_KEPT_MS})
  end
  at = last
end`;

export function createAttemptLog(redis: Redis, keys: Keys, retentionMs: number, tell: Tell): AttemptLog {
  const runRecord = prepareScript(redis, RECORD);
  const fail = tellFailure(tell, "record_attempts");
  let goingDown = false;

  /** One such key would keep every attempt of this worker from being recorded. */
  const makeRoom = async (group: readonly FinishedAttempt[]): Promise<void> => {
    const expected = group.flatMap(({ record: { eventId, endpointId, startedAt } }): readonly Expected[] => [
      { key: keys.event(eventId), type: "hash" },
      { key: keys.attempts(endpointId), type: "stream" },
      { key: keys.health(endpointId), type: "hash" },
      { key: keys.statistics(endpointId), type: "hash" },
      { key: keys.statisticsHour(endpointId, hourOf(startedAt)), type: "hash" },
    ]);
    const all = [{ key: keys.recent, type: "stream" } as const, ...expected];
    await quarantine(redis, all, tell).catch(tellFailure(tell, "quarantine"));
  };

  const writeUntilWritten = async (group: readonly FinishedAttempt[]): Promise<void> => {
    const [scriptKeys, scriptArgs] = commandFor(group, keys, retentionMs);
    for (;;) {
      try {
        await runRecord(scriptKeys, scriptArgs);
        return;
      } catch (error) {
        if (goingDown) throw error;
        fail(error);
        if (isWrongType(error)) await makeRoom(group);
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  };

  const commits = createGroupCommit({ write: writeUntilWritten, maxItems: GROUP_MAX, maxWrites: 1 });
  return {
    record: commits.add,
    idle: commits.idle,
    giveUp: () => {
      goingDown = true;
    },
  };
}

function commandFor(
  group: readonly FinishedAttempt[],
  keys: Keys,
  retentionMs: number,
): [readonly string[], readonly (string | number)[]] {
  const scriptKeys = [keys.recent];
  const scriptArgs: (string | number)[] = [retentionMs, group.length];
  const tallies = new Map<EndpointId, Tally>();
  for (const { record, recordText, acceptedAt, state, excerpt } of group) {
    scriptKeys.push(keys.event(record.eventId), keys.attempts(record.endpointId));
    scriptArgs.push(
      stateField(record.endpointId),
      stateText(state),
      recordText,
      record.outcome === "delivered" ? "" : excerpt.slice(0, EXCERPT_KEPT),
      excerptField(record.endpointId, record.round, record.attemptNumber),
      acceptedAt,
    );
    // Health and statistics are kept for as long as their endpoint is registered, which a destination never is.
    if (!isDestinationId(record.endpointId)) tally(record, tallies);
  }
  const streams = new Set(group.map(({ record }) => keys.attempts(record.endpointId)));
  scriptKeys.push(...streams);
  scriptArgs.push(streams.size);
  for (const [id, { last, delivered, attempts }] of tallies) {
    const hour = keys.statisticsHour(id, hourOf(last.startedAt));
    scriptKeys.push(keys.health(id), keys.statistics(id), hour);
    const end = last.outcome === "delivered" ? "success" : "failure";
    scriptArgs.push(id, end, last.startedAt, delivered, attempts.size, ...[...attempts].flat());
  }
  scriptKeys.push(keys.endpoints);
  return [scriptKeys, scriptArgs];
}

/** A group's sums for one endpoint, so that it costs a few counters whatever the number of its attempts. */
interface Tally {
  last: AttemptRecord;
  delivered: number;
  readonly attempts: Map<string, number>;
}

function tally(record: AttemptRecord, tallies: Map<EndpointId, Tally>): void {
  const sum = tallies.get(record.endpointId) ?? { last: record, delivered: 0, attempts: new Map() };
  tallies.set(record.endpointId, sum);
  sum.last = record;
  if (record.outcome === "delivered") sum.delivered += 1;
  const field = attemptField(record);
  sum.attempts.set(field, (sum.attempts.get(field) ?? 0) + 1);
}
