/**
 * The endpoints: written as sealed records, mirrored in every worker's memory so that finding the receivers of
 * an event costs no round trip. A change reaches the fleet by message at once, by poll within a second.
 */
import { asEndpointId, type EndpointId } from "../core/brand.ts";
import { type Endpoint, subscribes } from "../core/endpoint.ts";
import { HookwaveError, summarise } from "../core/errors.ts";
import type { Tell } from "../core/happening.ts";
import { endpointNews } from "./changes.ts";
import { readRecord, writeRecord } from "./endpoint-record.ts";
import type { Keys } from "./keys.ts";
import type { Redis } from "./redis.ts";
import { prepareScript } from "./script.ts";
import type { Sealer } from "./sealing.ts";

export interface Endpoints {
  /** From memory. */
  readonly get: (id: EndpointId) => Endpoint | undefined;
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

interface Mirror {
  readonly insistReadable: () => void;
  readonly get: (id: EndpointId) => Endpoint | undefined;
  readonly all: () => readonly Endpoint[];
  readonly subscribedTo: (eventType: string) => readonly Endpoint[];
  readonly set: (id: EndpointId, text: string | null) => void;
  readonly replace: (records: readonly (readonly [string, string])[]) => void;
}

function createMirror(sealer: Sealer, tell: Tell): Mirror {
  const endpoints = new Map<EndpointId, Endpoint>();
  const unreadable = new Map<EndpointId, unknown>();
  const bySubscription = new Map<string, readonly Endpoint[]>();

  // An endpoint we cannot read is our fault, not its receiver's: whatever may concern it must wait, because going
  // on without it would lose its events silently.
  const insistOn = (trouble: unknown): void => {
    if (trouble !== undefined) throw trouble;
  };
  const insistReadable = (): void => insistOn(unreadable.values().next().value);

  const set = (id: EndpointId, text: string | null): void => {
    bySubscription.clear();
    endpoints.delete(id);
    unreadable.delete(id);
    if (text === null) return;
    try {
      endpoints.set(id, readRecord(text, sealer));
    } catch (error) {
      unreadable.set(id, error);
      tell({ kind: "service.failed", doing: "read_endpoint", error: summarise(error) });
    }
  };

  return {
    insistReadable,
    get: (id) => {
      insistOn(unreadable.get(id));
      return endpoints.get(id);
    },
    all: () => [...endpoints.values()],
    subscribedTo: (eventType) => {
      insistReadable();
      const known = bySubscription.get(eventType);
      if (known !== undefined) return known;
      const found = [...endpoints.values()].filter((endpoint) => subscribes(endpoint, eventType));
      if (bySubscription.size >= SUBSCRIPTIONS_MAX) bySubscription.clear();
      bySubscription.set(eventType, found);
      return found;
    },
    set,
    replace: (records) => {
      const kept = new Set(records.map(([id]) => id));
      for (const id of [...endpoints.keys(), ...unreadable.keys()]) if (!kept.has(id)) set(id, null);
      bySubscription.clear();
      for (const [id, text] of records) set(asEndpointId(id), text);
    },
  };
}

/** Producers choose type names, so the memory they can occupy is bounded. */
const SUBSCRIPTIONS_MAX = 10_000;
