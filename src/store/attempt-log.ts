/**
 * Writes finished attempts: the delivery's state, the endpoint's stream, the fleet's recent stream, the endpoint's
 * health and its statistics, as one group per round trip. This is the "record" of record-then-settle
 * (decision 3): `record` resolves only once Redis has it, and goes on trying until then, because an attempt
 * that was answered but not recorded would be sent again (trap 5). A group whose answer was lost is written once.
 */
import { randomBytes } from "node:crypto";
import type { FinishedAttempt } from "../core/attempt.ts";
import type { EndpointId } from "../core/brand.ts";
import { isDestinationId } from "../core/destination.ts";
import { isWrongType } from "../core/errors.ts";
import { createGroupCommit } from "../core/group-commit.ts";
import { type Tell, tellFailure } from "../core/happening.ts";
import type { RecordAttempt } from "../deliver/ports.ts";
import { excerptField, IS_REGISTERED, KEEP_STATE, stateField, stateText } from "./event-record.ts";
import type { Keys } from "./keys.ts";
import { LADDER, readSteps, type Step } from "./ladder.ts";
import { COUNT_MINUTE, latestMinute, minuteArgs } from "./minute-counts.ts";
import { type Expected, quarantine } from "./quarantine.ts";
import type { Redis } from "./redis.ts";
import { prepareScript } from "./script.ts";
import { AGAIN_FIELD, HOUR_KEPT_MS, hourOf } from "./statistics.ts";
import { ARGS_OF_TALLY, addToTally, NO_TALLY, type Tally, tallyArgs, withoutHealth } from "./tallies.ts";

interface AttemptLog {
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
const KEYS_BEFORE_EVENTS = 3;
const ARGS_BEFORE_ADDRESSEES = 5;
const ARGS_PER_ADDRESSEE = 3;
const ARGS_PER_ATTEMPT = 9;
/** Longer than anybody waits for a Redis that is away. */
const MARK_KEPT_MS = 24 * 60 * 60 * 1_000;

// The recent ones of all endpoints are for whoever looks now: they come in as many entries as there were writes.
// KEYS: recent, this process' mark, the minute, then the event of each attempt, then stream and index of waiting ones of each
// addressee, then health, totals and hour per endpoint and hour, then news for operators and the registered endpoints.
// It begins with a write that needs no memory: Redis then lets it go on when memory is short, and what is delivered
// makes room. A delivery that has come to its end waits no more, and is counted once, also where it was sent twice. The mark
// is for a group that is written once more because its answer was lost. Whatever is the same for all attempts of an addressee
// is asked once: of six commands an attempt that leaves three. Redis rolls nothing back: each key that attempts share is read
// by its type before anything is written, so that a group which met something else is written whole, and counted once.
const RECORD = `${COUNT_MINUTE}${KEEP_STATE}${IS_REGISTERED}${LADDER}
redis.call('XTRIM', KEYS[1], 'MAXLEN', '~', ${STREAM_MAX})
if redis.call('GET', KEYS[2]) == ARGV[3] then return end
local retention, attempts, recent, ends, firsts = ARGV[1], tonumber(ARGV[2]), {}, {}, 0
local news = KEYS[#KEYS - 1]
local addressees, at, own = {}, ${ARGS_BEFORE_ADDRESSEES}, ${KEYS_BEFORE_EVENTS} + attempts
for i = 1, tonumber(ARGV[5]) do
  local _, isAnothers = isRegistered(KEYS[#KEYS], ARGV[at + 1], ARGV[at + 2])
  local waiting = KEYS[own + 2]
  if not isAnothers then redis.call('XLEN', KEYS[own + 1]) end
  addressees[i] = {
    stream = not isAnothers and KEYS[own + 1],
    waiting = redis.call('ZCARD', waiting) > 0 and waiting,
    field = ARGV[at + 3],
  }
  at, own = at + ${ARGS_PER_ADDRESSEE}, own + 2
end
redis.call('HLEN', KEYS[3])
for i = own + 1, #KEYS - 1 do redis.call('HLEN', KEYS[i]) end
for i = 1, attempts do
  local event, addressee = KEYS[${KEYS_BEFORE_EVENTS} + i], addressees[tonumber(ARGV[at + 1])]
  local acceptedAt, status, sum = ARGV[at + 6], ARGV[at + 8], tonumber(ARGV[at + 9])
  local isKept, isNew = keepState(event, addressee.field, ARGV[at + 2], retention, acceptedAt)
  if addressee.waiting and isKept == 1 and (status == 'delivered' or status == 'buried') then
    redis.call('ZREM', addressee.waiting, ARGV[at + 7])
  end
  if status == 'delivered' then
    ends[sum] = ends[sum] or { 0, 0 }
    local which = isNew and 1 or 2
    if isNew then firsts = firsts + 1 end
    ends[sum][which] = ends[sum][which] + 1
  end
  if addressee.stream then
    local entry = redis.call('XADD', addressee.stream, 'MAXLEN', '~', ${STREAM_MAX}, '*',
      'attempt', ARGV[at + 3], 'excerpt', ARGV[at + 4])
    if ARGV[at + 4] ~= '' and not isOfAnother(event, acceptedAt) then
      redis.call('HSET', event, ARGV[at + 5], entry)
    end
  end
  recent[i * 2 - 1], recent[i * 2] = 'attempt', ARGV[at + 3]
  at = at + ${ARGS_PER_ATTEMPT}
end
redis.call('XADD', KEYS[1], 'MAXLEN', '~', math.ceil(${STREAM_MAX} / attempts), '*', unpack(recent))
for i = ${KEYS_BEFORE_EVENTS} + attempts + 1, own, 2 do redis.call('PEXPIRE', KEYS[i], retention) end
local sum = 0
for i = own + 1, #KEYS - 2, 3 do
  local counters = at + ${ARGS_OF_TALLY}
  local last = counters + ARGV[counters] * 2
  sum = sum + 1
  local isThere, _, isActive = isRegistered(KEYS[#KEYS], ARGV[at + 1], ARGV[at + 2])
  if isThere then
    local one = { id = ARGV[at + 1], incarnation = ARGV[at + 2], isActive = isActive }
    follow(news, KEYS[i], one, at + 3, tonumber(ARGV[4]))
    local first, again = unpack(ends[sum] or { 0, 0 })
    if first > 0 then redis.call('HINCRBY', KEYS[i + 1], 'delivered', first) end
    if again > 0 then redis.call('HINCRBY', KEYS[i + 2], '${AGAIN_FIELD}', again) end
    for field = counters + 1, last, 2 do redis.call('HINCRBY', KEYS[i + 2], ARGV[field], ARGV[field + 1]) end
    redis.call('PEXPIRE', KEYS[i + 2], ${HOUR_KEPT_MS})
  end
  at = last
end
countMinute(KEYS[3], firsts, at + 1)
redis.call('SET', KEYS[2], ARGV[3], 'PX', ${MARK_KEPT_MS})
return steps`;

/** The ladder that failures climb. */
export interface Climb {
  /** In ms; 0 for never. */
  readonly disableAfterMs: number;
  /** Hears each step once in the whole fleet, as long as its process lives. */
  readonly onStep: (step: Step) => void;
}

const NO_CLIMB: Climb = { disableAfterMs: 0, onStep: () => undefined };

/** Hears what its endpoints' health comes to where that is no matter of this shard's. */
type NoteHealth = (tallies: readonly Tally[]) => void;

export function createAttemptLog(
  redis: Redis,
  keys: Keys,
  retentionMs: number,
  tell: Tell,
  climb: Climb = NO_CLIMB,
  noteHealth: NoteHealth | null = null,
): AttemptLog {
  const runRecord = prepareScript(redis, RECORD);
  const fail = tellFailure(tell, "record_attempts");
  const holder = randomBytes(12).toString("base64url");
  let groups = 0;
  let goingDown = false;

  /** One such key would keep every attempt of this worker from being recorded. */
  const makeRoom = async (group: readonly FinishedAttempt[]): Promise<void> => {
    const expected = group.flatMap(({ record: { eventId, endpointId, startedAt } }): readonly Expected[] => [
      { key: keys.event(eventId), type: "hash" },
      { key: keys.attempts(endpointId), type: "stream" },
      { key: keys.waiting(endpointId), type: "zset" },
      { key: keys.health(endpointId), type: "hash" },
      { key: keys.statistics(endpointId), type: "hash" },
      { key: keys.statisticsHour(endpointId, hourOf(startedAt)), type: "hash" },
    ]);
    const shared = [
      { key: keys.recent, type: "stream" },
      { key: keys.operatorEvents, type: "hash" },
      { key: keys.statisticsMinute(latestMinute(group)), type: "hash" },
    ] as const;
    const all = [...shared, ...expected];
    await quarantine(redis, all, tell).catch(tellFailure(tell, "quarantine"));
  };

  const writeUntilWritten = async (group: readonly FinishedAttempt[]): Promise<readonly Step[]> => {
    groups += 1;
    const mark = { key: keys.recorded(holder), text: String(groups) };
    const tallies = new Map<string, Tally>();
    const before = [retentionMs, group.length, mark.text, climb.disableAfterMs];
    const [scriptKeys, scriptArgs] = commandFor(group, mark, keys, before, {
      tallies,
      isHealthApart: noteHealth !== null,
    });
    for (;;) {
      try {
        const steps = readSteps(await runRecord(scriptKeys, scriptArgs));
        noteHealth?.([...tallies.values()]);
        return steps;
      } catch (error) {
        if (goingDown) throw error;
        fail(error);
        if (isWrongType(error)) await makeRoom(group);
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  };

  const write = async (group: readonly FinishedAttempt[]): Promise<void> => {
    for (const step of await writeUntilWritten(group)) climb.onStep(step);
  };

  const commits = createGroupCommit({ write, maxItems: GROUP_MAX, maxWrites: 1 });
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
  mark: { readonly key: string; readonly text: string },
  keys: Keys,
  before: readonly (string | number)[],
  { tallies, isHealthApart }: { readonly tallies: Map<string, Tally>; readonly isHealthApart: boolean },
): [readonly string[], readonly (string | number)[]] {
  const addressees = new Map<string, Addressee>();
  const attempts = group.flatMap((attempt) => attemptArgs(attempt, addressees, keys, tallies));
  const scriptKeys = [keys.recent, mark.key, keys.statisticsMinute(latestMinute(group))];
  const scriptArgs = [...before, addressees.size];
  for (const { record } of group) scriptKeys.push(keys.event(record.eventId));
  for (const { endpointId, incarnation } of addressees.values()) {
    scriptKeys.push(keys.attempts(endpointId), keys.waiting(endpointId));
    scriptArgs.push(endpointId, incarnation, stateField(endpointId));
  }
  scriptArgs.push(...attempts);
  for (const one of tallies.values()) {
    scriptKeys.push(keys.health(one.endpointId), keys.statistics(one.endpointId), one.hour);
    scriptArgs.push(...tallyArgs(isHealthApart ? withoutHealth(one) : one));
  }
  scriptArgs.push(...minuteArgs(group));
  scriptKeys.push(keys.operatorEvents, keys.endpoints);
  return [scriptKeys, scriptArgs];
}

/** One to which attempts of a group were made, as it was when something came to be owed to it. */
interface Addressee {
  readonly endpointId: EndpointId;
  readonly incarnation: string;
  /** From 1. */
  readonly number: number;
}

function addresseeOf({ record, state }: FinishedAttempt, addressees: Map<string, Addressee>): Addressee {
  const { endpointId } = record;
  const { incarnation = "" } = state;
  const name = `${incarnation}:${endpointId}`;
  const addressee = addressees.get(name) ?? { endpointId, incarnation, number: addressees.size + 1 };
  addressees.set(name, addressee);
  return addressee;
}

/** As the script takes them. */
function attemptArgs(
  attempt: FinishedAttempt,
  addressees: Map<string, Addressee>,
  keys: Keys,
  tallies: Map<string, Tally>,
): readonly (string | number)[] {
  const { record, recordText, acceptedAt, state } = attempt;
  const { incarnation, number } = addresseeOf(attempt, addressees);
  const { endpointId, round, attemptNumber } = record;
  const excerpt = record.outcome === "delivered" ? "" : attempt.excerpt.slice(0, EXCERPT_KEPT);
  return [
    number,
    stateText(state),
    recordText,
    excerpt,
    excerpt === "" ? "" : excerptField(endpointId, round, attemptNumber),
    acceptedAt,
    record.deliveryId,
    state.status,
    // Health and statistics are kept for as long as their endpoint is registered, which a destination never is.
    isDestinationId(endpointId) ? NO_TALLY : addToTally(record, incarnation, keys, tallies),
  ];
}
