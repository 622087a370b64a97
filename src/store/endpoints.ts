/**
 * The endpoints: written as sealed records, mirrored in every worker's memory so that finding the receivers of
 * an event costs no round trip. A change reaches the fleet by message at once, by poll within a second.
 */
import { asEndpointId, type EndpointId } from "../core/brand.ts";
import type { Endpoint } from "../core/endpoint.ts";
import { HookwaveError } from "../core/errors.ts";
import type { Tell } from "../core/happening.ts";
import { breakerNews, endpointNews } from "./changes.ts";
import { createMirror } from "./endpoint-mirror.ts";
import { isSealedAnew, readRecord, writeRecord } from "./endpoint-record.ts";
import type { Keys } from "./keys.ts";
import type { Redis } from "./redis.ts";
import { prepareScript } from "./script.ts";
import type { Sealer } from "./sealing.ts";
import { statisticsKeys } from "./statistics.ts";

export interface Endpoints {
  /** From memory. */
  readonly get: (id: EndpointId) => Endpoint | undefined;
  /** From memory, oldest first. */
  readonly all: () => readonly Endpoint[];
  readonly subscribedTo: (eventType: string) => readonly Endpoint[];
  /** Throws SECRET_UNREADABLE when a stored endpoint cannot be read with our key. */
  readonly insistReadable: () => void;
  /** Stores a new endpoint or replaces one. */
  readonly put: (endpoint: Endpoint) => Promise<void>;
  /** Stores a new endpoint; throws ENDPOINT_CONFLICT where there is one of this id. */
  readonly create: (endpoint: Endpoint) => Promise<void>;
  /** Changes one endpoint; tried again when somebody else changed it meanwhile. */
  readonly change: (id: EndpointId, how: (endpoint: Endpoint) => Endpoint) => Promise<Endpoint>;
  /** With all that is known of it: attempts, health, statistics, breaker. False where there was none. */
  readonly remove: (id: EndpointId, nowMs: number) => Promise<boolean>;
  /** Seals again what is sealed with an earlier key; resolves with how many that were. */
  readonly reseal: () => Promise<number>;
  /** Reads one endpoint, or all, from Redis into memory. */
  readonly reload: (id: EndpointId) => Promise<void>;
  readonly reloadAll: () => Promise<void>;
  /** Reloads all, if anything has changed since the last time. */
  readonly catchUp: () => Promise<void>;
}

// Writes only over the text that was read (empty: only where there is none; '*': over anything), then tells the fleet.
const SWAP = `
local found = redis.call('HGET', KEYS[1], ARGV[1]) or ''
if ARGV[2] ~= '*' and found ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
redis.call('INCR', KEYS[2])
redis.call('PUBLISH', KEYS[3], ARGV[4])
return 1`;

const ANYTHING = "*";
const NOTHING = "";

// KEYS: endpoints, version, channel, open breakers, then all that is the endpoint's own.
const REMOVE = `
local found = redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[4], ARGV[1])
redis.call('DEL', unpack(KEYS, 5))
redis.call('INCR', KEYS[2])
redis.call('PUBLISH', KEYS[3], ARGV[2])
redis.call('PUBLISH', KEYS[3], ARGV[3])
return found`;

export function createEndpoints(redis: Redis, keys: Keys, sealer: Sealer, tell: Tell): Endpoints {
  const swap = prepareSwap(redis, keys);
  const remove = prepareRemove(redis, keys);
  const mirror = createMirror(sealer, tell);
  let version: string | null = null;

  const reload = async (id: EndpointId): Promise<void> =>
    mirror.set(id, await redis.hget(keys.endpoints, id));

  const reloadAll = async (): Promise<void> => {
    const current = await redis.get(keys.endpointsVersion);
    mirror.replace(Object.entries(await redis.hgetall(keys.endpoints)));
    // Only now: a read that failed must leave the next poll something to catch up with.
    version = current;
  };

  const store = async (endpoint: Endpoint, over: string): Promise<boolean> => {
    const text = writeRecord(endpoint, sealer);
    const isStored = await swap(endpoint.id, over, text);
    if (isStored) mirror.set(endpoint.id, text);
    return isStored;
  };

  const change = async (id: EndpointId, how: (endpoint: Endpoint) => Endpoint): Promise<Endpoint> => {
    for (;;) {
      const found = await redis.hget(keys.endpoints, id);
      if (found === null) throw endpointUnknown(id);
      const changed = how(readRecord(found, sealer));
      if (await store(changed, found)) return changed;
    }
  };

  const { get, all, subscribedTo, insistReadable } = mirror;
  return {
    get,
    all,
    subscribedTo,
    insistReadable,
    put: async (endpoint) => {
      await store(endpoint, ANYTHING);
    },
    create: async (endpoint) => {
      if (!(await store(endpoint, NOTHING))) throw endpointConflict(endpoint.id);
    },
    change,
    remove: async (id, nowMs) => {
      const existed = await remove(id, nowMs);
      mirror.set(id, null);
      return existed;
    },
    reseal: async () => {
      const stale = staleIn(await redis.hgetall(keys.endpoints), sealer);
      for (const id of stale) await change(id, (endpoint) => endpoint);
      return stale.length;
    },
    reload,
    reloadAll,
    catchUp: async () => {
      if ((await redis.get(keys.endpointsVersion)) !== version) await reloadAll();
    },
  };
}

/** `over` is the text that was read, or NOTHING, or ANYTHING; false where something else is there. */
function prepareSwap(redis: Redis, keys: Keys) {
  const runSwap = prepareScript(redis, SWAP);
  const own = [keys.endpoints, keys.endpointsVersion, keys.changes];
  return async (id: EndpointId, over: string, text: string): Promise<boolean> =>
    (await runSwap(own, [id, over, text, endpointNews(id)])) === 1;
}

function staleIn(records: Readonly<Record<string, string>>, sealer: Sealer): readonly EndpointId[] {
  return Object.entries(records)
    .filter(([, text]) => !isSealedAnew(text, sealer))
    .map(([id]) => asEndpointId(id));
}

function prepareRemove(redis: Redis, keys: Keys): Endpoints["remove"] {
  const runRemove = prepareScript(redis, REMOVE);
  const { endpoints, endpointsVersion, changes, breakers } = keys;
  return async (id, nowMs) => {
    const own = [keys.attempts(id), keys.health(id), keys.probe(id), keys.waiting(id)];
    const answer = await runRemove(
      [endpoints, endpointsVersion, changes, breakers, ...own, ...statisticsKeys(keys, id, nowMs)],
      [id, endpointNews(id), breakerNews],
    );
    return answer === 1;
  };
}

function endpointConflict(id: EndpointId): HookwaveError {
  return new HookwaveError("ENDPOINT_CONFLICT", {
    expected: "the id of no endpoint yet",
    got: `"${id}"`,
    remedy: "change the one that has it, or give the new one another id, or none",
  });
}

export function endpointUnknown(id: EndpointId): HookwaveError {
  return new HookwaveError("ENDPOINT_UNKNOWN", {
    expected: "the id of an endpoint",
    got: `"${id}"`,
    remedy: "list the endpoints with `hookwave endpoints list`",
  });
}
