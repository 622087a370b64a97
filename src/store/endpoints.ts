/**
 * The endpoints: written as sealed records, mirrored in every worker's memory so that finding the receivers of
 * an event costs no round trip. A change reaches the fleet by message at once, by poll within a second.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { NewAuditEntry } from "../core/audit.ts";
import { asEndpointId, type EndpointId } from "../core/brand.ts";
import type { Endpoint } from "../core/endpoint.ts";
import { HookwaveError } from "../core/errors.ts";
import type { Tell } from "../core/happening.ts";
import { createMirror, type Mirror } from "./endpoint-mirror.ts";
import { incarnationIn, isSealedAnew, readRecord, standingIn, writeRecord } from "./endpoint-record.ts";
import {
  NOT_FAILING,
  NOTHING,
  OVERTAKEN,
  prepareClaimKey,
  prepareCreate,
  prepareRemove,
  prepareSwap,
  type Swap,
} from "./endpoint-writes.ts";
import type { Keys } from "./keys.ts";
import { NONE_OUTLYING, type Outlying } from "./outlying.ts";
import type { Redis } from "./redis.ts";
import type { Sealer } from "./sealing.ts";

/**
 * The entry that a change is to have in the audit log; null for none. Nothing is before one that is new or cannot be read,
 * and nothing after one that is gone.
 */
export type EndpointNote = (
  id: EndpointId,
  before: Endpoint | null,
  after: Endpoint | null,
) => NewAuditEntry | null;

/** Looking up costs no round trip: it is from memory. */
export interface Endpoints
  extends Pick<Mirror, "get" | "all" | "subscribedTo" | "isHeard" | "insistReadable"> {
  /** Stores a new endpoint or replaces one, whose incarnation it goes on with; resolves with what was stored. */
  readonly put: (endpoint: Endpoint, note: EndpointNote) => Promise<Endpoint>;
  /** Stores a new endpoint; throws ENDPOINT_CONFLICT where there is one of this id. */
  readonly create: (endpoint: Endpoint, note: EndpointNote) => Promise<void>;
  /** Changes one endpoint; tried again when somebody else changed it meanwhile. */
  readonly change: (
    id: EndpointId,
    how: (endpoint: Endpoint) => Endpoint,
    note: EndpointNote,
  ) => Promise<Endpoint>;
  /**
   * As `change`, while it is one that has failed without one success for so long that it is to be disabled. Null where it is
   * not, or nothing was changed.
   */
  readonly changeFailing: (
    id: EndpointId,
    how: (endpoint: Endpoint) => Endpoint,
    note: EndpointNote,
  ) => Promise<Endpoint | null>;
  /** With all that is known of it: attempts, health, statistics, breaker. False where there was none. */
  readonly remove: (id: EndpointId, nowMs: number, note: EndpointNote) => Promise<boolean>;
  /** Seals again what is sealed with an earlier key; resolves with how many that were. */
  readonly reseal: () => Promise<number>;
  /** To be called where all are known to be readable, and none is sealed with an earlier key: the fleet has ours. */
  readonly claimKey: () => Promise<void>;
  /** Takes over what `endpointNews` told: the change that made the endpoints what they are at this version. */
  readonly hear: (id: EndpointId, version: number) => Promise<void>;
  /** Reads one endpoint, or all, from Redis into memory. */
  readonly reload: (id: EndpointId) => Promise<void>;
  readonly reloadAll: () => Promise<void>;
  /** Reloads all, if anything has changed since the last time. */
  readonly catchUp: () => Promise<void>;
  /** The same, a moment later: news of the change are most often on their way, and cost one record instead of all. */
  readonly catchUpSoon: () => Promise<void>;
}

/** `outlying`: what the shards are told, in an installation that is divided. */
export function createEndpoints(
  redis: Redis,
  keys: Keys,
  sealer: Sealer,
  tell: Tell,
  outlying: Outlying = NONE_OUTLYING,
): Endpoints {
  const mirror = createMirror(sealer, tell);
  const { get, all, subscribedTo, isHeard, insistReadable } = mirror;
  const { advance, ...following } = followChanges(redis, keys, mirror);
  const learn: Learn = (id, text, version) => {
    mirror.set(id, text);
    advance(version);
  };
  const writes = writesOf(redis, keys, sealer, outlying, learn);
  return {
    get,
    all,
    subscribedTo,
    isHeard,
    insistReadable,
    ...writes,
    ...following,
    claimKey: prepareClaimKey(redis, keys, sealer.keyId),
    reseal: async () => {
      const same = (endpoint: Endpoint): Endpoint => endpoint;
      const stale = staleIn(await redis.hgetall(keys.endpoints), sealer);
      for (const id of stale) await writes.change(id, same, () => null);
      return stale.length;
    },
  };
}

type Writes = Pick<Endpoints, "put" | "create" | "change" | "changeFailing" | "remove">;

type Learn = (id: EndpointId, text: string | null, version: number) => void;

/** `learn` hears of each change made here, so that this process has it at once; null for one that is gone. */
function writesOf(redis: Redis, keys: Keys, sealer: Sealer, outlying: Outlying, learn: Learn): Writes {
  const remove = prepareRemove(redis, keys);
  const read = (id: EndpointId): Promise<string | null> => redis.hget(keys.endpoints, id);

  const store = prepareStore(redis, keys, sealer, outlying, learn);

  return {
    put: async (endpoint, note) => {
      for (;;) {
        const found = await read(endpoint.id);
        const { incarnation } = endpoint;
        const next = { ...endpoint, incarnation: found === null ? incarnation : incarnationIn(found) };
        if ((await store(next, found ?? NOTHING, note)) !== OVERTAKEN) return next;
      }
    },
    create: async (endpoint, note) => {
      if ((await store(endpoint, NOTHING, note)) === OVERTAKEN) throw endpointConflict(endpoint.id);
    },
    change: async (id, how, note) => {
      for (;;) {
        const found = await read(id);
        if (found === null) throw endpointUnknown(id);
        const changed = how(readRecord(found, sealer));
        if ((await store(changed, found, note)) !== OVERTAKEN) return changed;
      }
    },
    changeFailing: async (id, how, note) => {
      for (;;) {
        const text = await read(id);
        if (text === null) return null;
        const found = readRecord(text, sealer);
        const changed = how(found);
        if (changed === found) return null;
        const version = await store(changed, text, note, "fails");
        if (version !== OVERTAKEN) return version === NOT_FAILING ? null : changed;
      }
    },
    remove: async (id, nowMs, note) => {
      const found = (await read(id)) ?? NOTHING;
      const { text, version } = await remove(id, nowMs, note(id, readable(found, sealer), null));
      learn(id, null, version);
      await outlying.changed();
      if (text !== "") await outlying.removed(id, text, nowMs);
      return text !== "";
    },
  };
}

/** Resolves with the new version, or with an answer of `prepareSwap` that stands for none. */
function prepareStore(redis: Redis, keys: Keys, sealer: Sealer, outlying: Outlying, learn: Learn) {
  const swap = prepareSwap(redis, keys);
  const create = prepareCreate(redis, keys, sealer.keyIds);
  return async (endpoint: Endpoint, over: string, note: EndpointNote, why?: "fails"): Promise<number> => {
    const { id } = endpoint;
    const text = writeRecord(endpoint, sealer);
    const entry = note(id, readable(over, sealer), endpoint);
    const meaning = { ...meaningOf(endpoint, over), ...(why !== undefined && { effect: why }) };
    const isNew = over === NOTHING;
    const version = await (isNew
      ? outlying.adding(id, text, Date.parse(endpoint.updatedAt), () => create(endpoint, text, entry))
      : swap(id, { over, text, entry, ...meaning }));
    if (version <= OVERTAKEN) return version;
    learn(id, text, version);
    await outlying.changed();
    return version;
  };
}

/** A receiver that is switched on, or is another one by its URL, is to be given all its time. */
function meaningOf(endpoint: Endpoint, over: string): Pick<Swap, "effect" | "fact"> {
  const before = standingIn(over);
  const { id, incarnation, url, isActive, disabledBecause, updatedAt } = endpoint;
  const begins = isActive && before !== null && (!before.isActive || before.url !== url);
  const ends = before?.isActive === true && !isActive;
  const because = disabledBecause ?? "";
  const about = { endpointId: id, incarnation: incarnation ?? "", at: Date.parse(updatedAt) };
  return {
    effect: begins ? "begins" : "none",
    fact: ends ? { type: "endpoint.disabled", ...about, because } : null,
  };
}

/** News take less, where nobody is very busy. */
const NEWS_MS = 20;

/** Keeps the mirror at what Redis has: a change that was told costs one record, one that was missed costs all. */
function followChanges(redis: Redis, keys: Keys, mirror: Mirror) {
  /** Every change up to this one is in memory; null before all has been read once. */
  let version: number | null = null;
  let hearing: Promise<void> = Promise.resolve();
  /** Not begun yet: who asks now is served by it. */
  let soon: Promise<void> | null = null;

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

  const catchUp = async (): Promise<void> => {
    if ((await readVersion()) !== version) await reloadAll();
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
    catchUp,
    catchUpSoon: (): Promise<void> => {
      soon ??= pause(NEWS_MS).then(() => {
        soon = null;
        return catchUp();
      });
      return soon;
    },
  };
}

/** Null where there is none, and for one that cannot be read: it can be replaced and removed all the same. */
function readable(text: string, sealer: Sealer): Endpoint | null {
  if (text === NOTHING) return null;
  try {
    return readRecord(text, sealer);
  } catch {
    return null;
  }
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
