/**
 * The endpoints: written as sealed records, mirrored in every worker's memory so that finding the receivers of
 * an event costs no round trip. A change reaches the fleet by message at once, by poll within a second.
 */
import type { EndpointId } from "../core/brand.ts";
import type { Endpoint } from "../core/endpoint.ts";
import { HookwaveError } from "../core/errors.ts";
import type { Tell } from "../core/happening.ts";
import { endpointNews } from "./changes.ts";
import { createMirror } from "./endpoint-mirror.ts";
import { readRecord, writeRecord } from "./endpoint-record.ts";
import type { Keys } from "./keys.ts";
import type { Redis } from "./redis.ts";
import { prepareScript } from "./script.ts";
import type { Sealer } from "./sealing.ts";

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
  /** Changes one endpoint; tried again when somebody else changed it meanwhile. */
  readonly change: (id: EndpointId, how: (endpoint: Endpoint) => Endpoint) => Promise<Endpoint>;
  readonly remove: (id: EndpointId) => Promise<boolean>;
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
if ARGV[3] == '' then redis.call('HDEL', KEYS[1], ARGV[1]) else redis.call('HSET', KEYS[1], ARGV[1], ARGV[3]) end
redis.call('INCR', KEYS[2])
redis.call('PUBLISH', KEYS[3], ARGV[4])
return found == '' and 1 or 2`;

const ANYTHING = "*";
const NOTHING = "";
const SWAPPED_OVER_EXISTING = 2;

export function createEndpoints(redis: Redis, keys: Keys, sealer: Sealer, tell: Tell): Endpoints {
  const runSwap = prepareScript(redis, SWAP);
  const mirror = createMirror(sealer, tell);
  let version: string | null = null;

  const swap = (id: EndpointId, expected: string, text: string): Promise<unknown> =>
    runSwap([keys.endpoints, keys.endpointsVersion, keys.changes], [id, expected, text, endpointNews(id)]);

  const reload = async (id: EndpointId): Promise<void> =>
    mirror.set(id, await redis.hget(keys.endpoints, id));

  const reloadAll = async (): Promise<void> => {
    const current = await redis.get(keys.endpointsVersion);
    mirror.replace(Object.entries(await redis.hgetall(keys.endpoints)));
    // Only now: a read that failed must leave the next poll something to catch up with.
    version = current;
  };

  const change = async (id: EndpointId, how: (endpoint: Endpoint) => Endpoint): Promise<Endpoint> => {
    for (;;) {
      const found = await redis.hget(keys.endpoints, id);
      if (found === null) throw endpointUnknown(id);
      const changed = how(readRecord(found, sealer));
      const text = writeRecord(changed, sealer);
      if ((await swap(id, found, text)) === 0) continue;
      mirror.set(id, text);
      return changed;
    }
  };

  return {
    get: mirror.get,
    all: mirror.all,
    subscribedTo: mirror.subscribedTo,
    insistReadable: mirror.insistReadable,
    put: async (endpoint) => {
      const text = writeRecord(endpoint, sealer);
      await swap(endpoint.id, ANYTHING, text);
      mirror.set(endpoint.id, text);
    },
    change,
    remove: async (id) => {
      const answer = await swap(id, ANYTHING, NOTHING);
      mirror.set(id, null);
      return answer === SWAPPED_OVER_EXISTING;
    },
    reload,
    reloadAll,
    catchUp: async () => {
      if ((await redis.get(keys.endpointsVersion)) !== version) await reloadAll();
    },
  };
}

export function endpointUnknown(id: EndpointId): HookwaveError {
  return new HookwaveError("ENDPOINT_UNKNOWN", {
    expected: "the id of an endpoint",
    got: `"${id}"`,
    remedy: "list the endpoints with `hookwave endpoints list`",
  });
}
