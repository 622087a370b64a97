/**
 * The ledger of events: who claimed each event, the event as published, and the state of each of its
 * deliveries. The claim makes a second publish of one id a no-op for as long as the record is retained; the
 * states let a re-run of a crashed job skip what is already settled.
 */
import { z } from "zod";
import { asEndpointId, type EndpointId, type EventId } from "../core/brand.ts";
import type { AcceptedKey, Claim, DeliveryState } from "../core/delivery.ts";
import type { EventsBatch, PublishedEvent } from "../core/event.ts";
import type { Tell } from "../core/happening.ts";
import { traceText } from "../core/trace-context.ts";
import type { EventLedger } from "../deliver/ports.ts";
import { answersOf } from "./answers.ts";
import {
  ACCEPTED_AT_FIELD,
  LEGACY_FIELD,
  readAcceptedAt,
  readState,
  STATE_FIELD_PREFIX,
  stateField,
  TRACE_FIELD,
} from "./event-record.ts";
import type { Keys } from "./keys.ts";
import { type Expected, runWithRoom } from "./quarantine.ts";
import type { Redis } from "./redis.ts";
import { prepareScript } from "./script.ts";

const KEYS_BEFORE_EVENTS = 2;
const ARGS_BEFORE_EVENTS = 3;
const ARGS_PER_EVENT = 7;

// KEYS: the feed, the version of the endpoints, then the events. One command for hundreds of them: a claim costs ~6 µs of Redis instead of a round
// trip. It begins with a write because Redis, when its memory is short, lets a script go on that began with one which
// needs none: what was accepted must be delivered to make room again. The DEL removes what a late attempt left of an
// expired event. What the feed forgets has expired, by the clock that the feed itself goes by.
const CLAIM = `
redis.call('HDEL', KEYS[${KEYS_BEFORE_EVENTS} + 1], '')
local answers, last = {}, nil
for nth = 1, #KEYS - ${KEYS_BEFORE_EVENTS} do
  local key, at = KEYS[${KEYS_BEFORE_EVENTS} + nth], ${ARGS_BEFORE_EVENTS} + (nth - 1) * ${ARGS_PER_EVENT}
  local isThere = redis.call('HLEN', key) > 0
  local holder = isThere and redis.call('HGET', key, 'holder')
  if not holder then
    if isThere then redis.call('DEL', key) end
    last = redis.call('XADD', KEYS[1], '*', 'id', ARGV[at + 1], 'type', ARGV[at + 2])
    redis.call('HSET', key, 'holder', ARGV[1], '${ACCEPTED_AT_FIELD}', ARGV[3], 'feed', last,
      'id', ARGV[at + 1], 'type', ARGV[at + 2], 'timestamp', ARGV[at + 3], 'data', ARGV[at + 4])
    if ARGV[at + 5] ~= '' then redis.call('HSET', key, 'destinations', ARGV[at + 5]) end
    if ARGV[at + 6] ~= '' then redis.call('HSET', key, '${LEGACY_FIELD}', ARGV[at + 6]) end
    if ARGV[at + 7] ~= '' then redis.call('HSET', key, '${TRACE_FIELD}', ARGV[at + 7]) end
    redis.call('PEXPIRE', key, ARGV[2])
    answers[nth] = 0
  elseif holder == ARGV[1] then
    answers[nth] = redis.call('HGETALL', key)
  else
    answers[nth] = 1
  end
end
if last then
  local expired = tonumber(string.match(last, '^%d+')) - ARGV[2]
  redis.call('XTRIM', KEYS[1], 'MINID', '~', string.format('%.0f', expired))
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return { answers, redis.call('GET', KEYS[2]) or '' }`;

/** A producer's list may be of any length, a command's arguments may not. */
const CLAIMED_TOGETHER = 512;

/** An answer that is an error fails it as a whole: nothing is sent without knowing what was. */
const stateAnswers = z.array(z.array(z.string().nullable()));

const claimAnswers = z.tuple([
  z.array(z.union([z.literal(0), z.literal(1), z.array(z.string())])),
  z.string(),
]);

/** Resolves when the endpoints are known as they are at this version, which says no more than that it is another one. */
export type KnowEndpoints = (version: string) => Promise<void>;

/** `knowEndpoints` hears at each claim of the endpoints that the events may be owed to. */
export function createEventLedger(
  redis: Redis,
  keys: Keys,
  retentionMs: number,
  tell: Tell,
  knowEndpoints: KnowEndpoints = async () => undefined,
): EventLedger {
  const runClaim = prepareScript(redis, CLAIM);
  const expectedEvent = (id: EventId): Expected => ({ key: keys.event(id), type: "hash" });
  const claimSome = async ({ events, holder, acceptedAt }: EventsBatch): Promise<readonly Claim[]> => {
    const scriptKeys = [keys.feed, keys.endpointsVersion, ...events.map(({ id }) => keys.event(id))];
    const args = [holder, retentionMs, acceptedAt, ...events.flatMap(eventArgs)];
    const expected = (): readonly Expected[] => [
      { key: keys.feed, type: "stream" },
      ...events.map(({ id }) => expectedEvent(id)),
    ];
    const answer = await runWithRoom(redis, expected, tell, () => runClaim(scriptKeys, args));
    const [claims, version] = claimAnswers.parse(answer);
    await knowEndpoints(version);
    return claims.map((one) => toClaim(one, acceptedAt, tell));
  };
  return {
    claim: async (batch) => {
      const claims: Claim[] = [];
      for (let at = 0; at < batch.events.length; at += CLAIMED_TOGETHER) {
        const events = batch.events.slice(at, at + CLAIMED_TOGETHER);
        claims.push(...(await claimSome({ ...batch, events })));
      }
      return claims;
    },
    stateOf: async (delivery) => {
      const fields = stateFields(delivery);
      return toState(delivery, await redis.hmget(keys.event(delivery.event.id), ...fields), tell);
    },
    statesOf: async (deliveries) => {
      const read = async () => {
        const pipeline = redis.pipeline();
        for (const one of deliveries) pipeline.hmget(keys.event(one.event.id), ...stateFields(one));
        return stateAnswers.parse(await answersOf(pipeline.exec()));
      };
      const expected = () => deliveries.map(({ event }) => expectedEvent(event.id));
      const states = await runWithRoom(redis, expected, tell, read);
      return deliveries.map((one, index) => toState(one, states[index] ?? [], tell));
    },
  };
}

const stateFields = ({ endpointId }: AcceptedKey): readonly [string, string] => [
  ACCEPTED_AT_FIELD,
  stateField(endpointId),
];

/** Null also where the record is another event's, which has the same id. */
function toState(
  { acceptedAt }: AcceptedKey,
  [accepted = null, text = null]: readonly (string | null)[],
  tell: Tell,
): DeliveryState | null {
  const isAnother = accepted !== null && accepted !== String(acceptedAt);
  return text === null || isAnother ? null : readOrTell(text, tell);
}

function eventArgs(event: PublishedEvent): readonly string[] {
  const { id, type, timestamp, data, destinations, legacy } = event;
  const named = destinations === undefined ? "" : JSON.stringify(destinations);
  return [id, type, timestamp, data, named, legacy?.data ?? "", traceText(event)];
}

/** `acceptedAt` is what the job says; where an earlier run has said something else, that stands. */
function toClaim(answer: 0 | 1 | readonly string[], acceptedAt: number, tell: Tell): Claim {
  if (answer === 0) return { kind: "fresh" };
  if (answer === 1) return { kind: "taken" };
  let since = acceptedAt;
  const states = new Map<EndpointId, DeliveryState>();
  for (let index = 0; index + 1 < answer.length; index += 2) {
    const [field = "", text = ""] = answer.slice(index, index + 2);
    if (field === ACCEPTED_AT_FIELD) since = readAcceptedAt(text) ?? acceptedAt;
    if (!field.startsWith(STATE_FIELD_PREFIX)) continue;
    const state = readOrTell(text, tell);
    if (state !== null) states.set(asEndpointId(field.slice(STATE_FIELD_PREFIX.length)), state);
  }
  return { kind: "again", acceptedAt: since, states };
}

function readOrTell(text: string, tell: Tell): DeliveryState | null {
  const state = readState(text);
  if (state !== null) return state;
  const notice = "a delivery's state could not be read; it goes on as if there were none";
  tell({ kind: "service.noticed", notice, detail: {} });
  return null;
}
