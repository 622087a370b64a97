/**
 * The writes that change which endpoints there are: adding one, storing one over what was read, and removing one with all
 * that is known of it. Each makes a new version of the whole and tells the fleet of it in the same step.
 */
import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { NewAuditEntry } from "../core/audit.ts";
import type { EndpointId } from "../core/brand.ts";
import type { Endpoint } from "../core/endpoint.ts";
import { HookwaveError } from "../core/errors.ts";
import type { OperatorFact } from "../endpoints/operator-events.ts";
import { ADD_AUDIT, auditText } from "./audit.ts";
import { breakerNews, endpointNews } from "./changes.ts";
import type { Keys } from "./keys.ts";
import { LADDER, TOP } from "./ladder.ts";
import type { Redis } from "./redis.ts";
import { prepareScript } from "./script.ts";
import { statisticsKeys } from "./statistics.ts";

/** The answer to one that is sealed with another key than those that are there. */
const OTHER_KEY = -2;
/** Stands for the text of an endpoint that is not there. */
export const NOTHING = "";

// Writes only over the text that was read, then tells the fleet; with a fact for operators where there is one. KEYS:
// endpoints, version, channel, the endpoint's health, news for operators, the audit log, whose entry is the last argument. The HDEL
// is there for a Redis that is out of memory, see event-ledger.ts: to disable one stops something, and is the only change with a fact.
const SWAP = `${LADDER}${ADD_AUDIT}
local id, over, text, news, effect, event, fact, at, entry = unpack(ARGV)
if redis.call('HGET', KEYS[1], id) ~= over then return 0 end
local step, since = unpack(redis.call('HMGET', KEYS[4], 'step', 'failing_since'))
if effect == 'fails' and step ~= '${TOP}' then return -1 end
if fact ~= '' then redis.call('HDEL', KEYS[1], '') end
redis.call('HSET', KEYS[1], id, text)
if effect == 'begins' then startAnew(KEYS[4]) end
if fact ~= '' then
  redis.call('HSET', KEYS[4], 'missed_since', since or at)
  if since then fact = string.sub(fact, 1, -2) .. ',"since":' .. cjson.encode(since) .. '}' end
  redis.call('HSET', KEYS[5], event, fact)
end
local version = redis.call('INCR', KEYS[2])
redis.call('PUBLISH', KEYS[3], news .. version)
addAudit(KEYS[6], entry)
return version`;

// KEYS: as below, with the id of the sealing key before what is the endpoint's own. One that is sealed with a key which is
// not the fleet's would stop every delivery. Without any endpoint there is nothing yet that another key has sealed. What ended after an endpoint of this id was removed may have left something behind: it is none of this
// one's, not even that its breaker is open.
const CREATE = `${ADD_AUDIT}
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 then return 0 end
local sealedBy = redis.call('GET', KEYS[6])
local isKnown = sealedBy == ARGV[6] or sealedBy == ARGV[7]
local isFirst = not sealedBy or redis.call('HLEN', KEYS[1]) == 0
if not isKnown and not isFirst then return ${OTHER_KEY} end
redis.call('DEL', unpack(KEYS, 7))
if not isKnown then redis.call('SET', KEYS[6], ARGV[6]) end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
local version = redis.call('INCR', KEYS[2])
redis.call('PUBLISH', KEYS[3], ARGV[3] .. version)
if redis.call('HDEL', KEYS[4], ARGV[1]) == 1 then redis.call('PUBLISH', KEYS[3], ARGV[4]) end
addAudit(KEYS[5], ARGV[5])
return version`;

// KEYS: endpoints, version, channel, open breakers, audit log, then all that is the endpoint's own.
const REMOVE = `${ADD_AUDIT}
local found = redis.call('HGET', KEYS[1], ARGV[1]) or ''
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[4], ARGV[1])
redis.call('DEL', unpack(KEYS, 6))
local version = redis.call('INCR', KEYS[2])
redis.call('PUBLISH', KEYS[3], ARGV[2] .. version)
redis.call('PUBLISH', KEYS[3], ARGV[3])
if found ~= '' then addAudit(KEYS[5], ARGV[4]) end
return { found, version }`;

const removed = z.tuple([z.string(), z.number()]);

/**
 * The meaning of a change for the endpoint's ladder. `begins`: it is to succeed or fail from now on. `fails`: it is disabled
 * because it has climbed to the top, and only if it is there still. `none`: it goes on.
 */
type LadderEffect = "begins" | "fails" | "none";

export interface Swap {
  readonly over: string;
  readonly text: string;
  readonly effect: LadderEffect;
  /** For operators; null where there is nothing to tell. */
  readonly fact: OperatorFact | null;
  readonly entry: NewAuditEntry | null;
}

/** The answer of a swap that was to disable what has not failed all along. */
export const NOT_FAILING = -1;
/** The answer of one before which something else was stored. */
export const OVERTAKEN = 0;

/** Resolves with the new version, or one of the two above. */
export function prepareSwap(redis: Redis, keys: Keys) {
  const runSwap = prepareScript(redis, SWAP);
  const shared = [keys.endpoints, keys.endpointsVersion, keys.changes];
  return async (id: EndpointId, { over, text, effect, fact, entry }: Swap): Promise<number> => {
    const own = [...shared, keys.health(id), keys.operatorEvents, keys.audit];
    const told = fact === null ? ["", "", ""] : toldArgs(fact);
    return Number(await runSwap(own, [id, over, text, endpointNews(id), effect, ...told, auditText(entry)]));
  };
}

const toldArgs = (fact: OperatorFact): readonly string[] => [
  `evt_${randomUUID().replaceAll("-", "")}`,
  JSON.stringify(fact),
  new Date(fact.at).toISOString(),
];

/**
 * Stores a new one, with nothing known of it; resolves with the new version, or 0 where there is one of its id. Throws
 * ENCRYPTION_KEY_MISMATCH where those that are there are sealed with a key that is none of `keyIds`.
 */
export function prepareCreate(redis: Redis, keys: Keys, [keyId = "", previousId = keyId]: readonly string[]) {
  const runCreate = prepareScript(redis, CREATE);
  return async (endpoint: Endpoint, text: string, entry: NewAuditEntry | null): Promise<number> => {
    const { id, rateLimit, updatedAt } = endpoint;
    const turns = rateLimit === null ? [] : [keys.rate(id, rateLimit)];
    const scriptKeys = [
      ...shared(keys),
      keys.endpointsKey,
      ...ownKeys(keys, id, Date.parse(updatedAt)),
      ...turns,
    ];
    const args = [id, text, endpointNews(id), breakerNews, auditText(entry), keyId, previousId];
    const answer = Number(await runCreate(scriptKeys, args));
    if (answer === OTHER_KEY) throw keyMismatch();
    return answer;
  };
}

function keyMismatch(): HookwaveError {
  return new HookwaveError("ENCRYPTION_KEY_MISMATCH", {
    expected: "the encryption key that the endpoints in this Redis are sealed with",
    got: "another one, whose endpoint no other process could read",
    remedy:
      "give every process the same HOOKWAVE_ENCRYPTION_KEY (the option encryptionKey), or the same HOOKWAVE_DATA_DIR; to change it see docs/endpoints.md",
  });
}

/** Says with which key all endpoints are sealed now, for whoever has seen that; nothing where there are none. */
export function prepareClaimKey(redis: Redis, keys: Keys, keyId: string) {
  const runClaim = prepareScript(redis, CLAIM_KEY);
  return async (): Promise<void> => {
    await runClaim([keys.endpoints, keys.endpointsKey], [keyId]);
  };
}

const CLAIM_KEY = `
if redis.call('HLEN', KEYS[1]) > 0 and redis.call('GET', KEYS[2]) ~= ARGV[1] then redis.call('SET', KEYS[2], ARGV[1]) end`;

const shared = ({ endpoints, endpointsVersion, changes, breakers, audit }: Keys): readonly string[] => [
  endpoints,
  endpointsVersion,
  changes,
  breakers,
  audit,
];

/** Every key that may hold something of this endpoint, but for what is still owed. */
const ownKeys = (keys: Keys, id: EndpointId, nowMs: number): readonly string[] => [
  keys.attempts(id),
  keys.health(id),
  keys.probe(id),
  keys.waiting(id),
  ...statisticsKeys(keys, id, nowMs),
];

/** Resolves with the record that was removed; empty where there was none. */
export function prepareRemove(redis: Redis, keys: Keys) {
  const runRemove = prepareScript(redis, REMOVE);
  return async (id: EndpointId, nowMs: number, entry: NewAuditEntry | null) => {
    const scriptKeys = [...shared(keys), ...ownKeys(keys, id, nowMs)];
    const answer = await runRemove(scriptKeys, [id, endpointNews(id), breakerNews, auditText(entry)]);
    const [text, version] = removed.parse(answer);
    return { text, version };
  };
}
