/**
 * The endpoints: written as sealed records, mirrored in every worker's memory so that finding the receivers of
 * an event costs no round trip. A change reaches the fleet by message at once, by poll within a second.
 */
import { asEndpointId, type EndpointId } from "../core/brand.ts";
import type { Endpoint } from "../core/endpoint.ts";
import { HookwaveError } from "../core/errors.ts";
import type { Tell } from "../core/happening.ts";
import { createMirror, type Mirror } from "./endpoint-mirror.ts";
import { isSealedAnew, readRecord, writeRecord } from "./endpoint-record.ts";
import { ANYTHING, NOTHING, prepareRemove, prepareSwap } from "./endpoint-writes.ts";
import type { Keys } from "./keys.ts";
import type { Redis } from "./redis.ts";
import type { Sealer } from "./sealing.ts";

/** Looking up costs no round trip: it is from memory. */
export interface Endpoints extends Pick<Mirror, "get" | "all" | "subscribedTo" | "insistReadable"> {
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
  /** Takes over what `endpointNews` told: the change that made the endpoints what they are at this version. */
  readonly hear: (id: EndpointId, version: number) => Promise<void>;
  /** Reads one endpoint, or all, from Redis into memory. */
  readonly reload: (id: EndpointId) => Promise<void>;
  readonly reloadAll: () => Promise<void>;
  /** Reloads all, if anything has changed since the last time. */
  readonly catchUp: () => Promise<void>;
}

export function createEndpoints(redis: Redis, keys: Keys, sealer: Sealer, tell: Tell): Endpoints {
  const swap = prepareSwap(redis, keys);
  const remove = prepareRemove(redis, keys);
  const mirror = createMirror(sealer, tell);
  const { get, all, subscribedTo, insistReadable } = mirror;
  const { hear, reload, reloadAll, catchUp, advance } = followChanges(redis, keys, mirror);

  const store = async (endpoint: Endpoint, over: string): Promise<boolean> => {
    const text = writeRecord(endpoint, sealer);
    const version = await swap(endpoint.id, over, text);
    if (version === 0) return false;
    mirror.set(endpoint.id, text);
    advance(version);
    return true;
  };

  const change = async (id: EndpointId, how: (endpoint: Endpoint) => Endpoint): Promise<Endpoint> => {
    for (;;) {
      const found = await redis.hget(keys.endpoints, id);
      if (found === null) throw endpointUnknown(id);
      const changed = how(readRecord(found, sealer));
      if (await store(changed, found)) return changed;
    }
  };

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
      const { existed, version } = await remove(id, nowMs);
      mirror.set(id, null);
      advance(version);
      return existed;
    },
    reseal: async () => {
      const stale = staleIn(await redis.hgetall(keys.endpoints), sealer);
      for (const id of stale) await change(id, (endpoint) => endpoint);
      return stale.length;
    },
    hear,
    reload,
    reloadAll,
    catchUp,
  };
}

/** Keeps the mirror at what Redis has: a change that was told costs one record, one that was missed costs all. */
function followChanges(redis: Redis, keys: Keys, mirror: Mirror) {
  /** Every change up to this one is in memory; null before all has been read once. */
  let version: number | null = null;
  let hearing: Promise<void> = Promise.resolve();

  const advance = (to: number): void => {
    if (version !== null && to === version + 1) version = to;
  };
  const readVersion = async (): Promise<number> => Number((await redis.get(keys.endpointsVersion)) ?? 0);
  const reload = async (id: EndpointId): Promise<void> =>
    mirror.set(id, await redis.hget(keys.endpoints, id));
  const reloadAll = async (): Promise<void> => {
    const current = await readVersion();
    mirror.replace(Object.entries(await redis.hgetall(keys.endpoints)));
    // Only now: a read that failed must leave the next poll something to catch up with.
    version = current;
  };

  return {
    advance,
    reload,
    reloadAll,
    hear: (id: EndpointId, at: number): Promise<void> => {
      const heard = async (): Promise<void> => {
        if (version !== null && at <= version) return;
        await reload(id);
        advance(at);
      };
      // One after the other: whoever reads the second change first could not tell that it has the first as well.
      hearing = hearing.catch(() => undefined).then(heard);
      return hearing;
    },
    catchUp: async (): Promise<void> => {
      if ((await readVersion()) !== version) await reloadAll();
    },
  };
}

function staleIn(records: Readonly<Record<string, string>>, sealer: Sealer): readonly EndpointId[] {
  return Object.entries(records)
    .filter(([, text]) => !isSealedAnew(text, sealer))
    .map(([id]) => asEndpointId(id));
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
