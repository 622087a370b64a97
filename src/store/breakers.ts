/**
 * The breakers' truth that a whole fleet shares: which are open, until when, and who may probe. Only open
 * breakers are kept, so what every worker mirrors stays small however many endpoints there are.
 */
import { asEndpointId, asOrigin } from "../core/brand.ts";
import { isDestinationId } from "../core/destination.ts";
import type { Endpoint } from "../core/endpoint.ts";
import { breakerChanged, type Tell } from "../core/happening.ts";
import { type BreakerId, isOrigin, originOf } from "../core/origin.ts";
import type { SharedBreaker } from "../deliver/ports.ts";
import { breakerNews } from "./changes.ts";
import type { Keys } from "./keys.ts";
import { runWithRoom } from "./quarantine.ts";
import type { Redis } from "./redis.ts";
import { prepareScript } from "./script.ts";

export interface SharedBreakers extends SharedBreaker {
  /** Reads the fleet's truth again. */
  readonly refresh: () => Promise<void>;
}

/**
 * Deliveries that wait for a destination, or for an origin, come back when its probe is due. A day later nobody comes any
 * more, and every worker would mirror the entry for good.
 */
const FORGET_AFTER_MS = 24 * 60 * 60 * 1_000;

// A Redis that is out of memory takes no transaction, and a script only when its first write needs none (event-ledger.ts).
// An endpoint that comes back then must be found out: what is delivered makes room.
const OPEN = `
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
redis.call('PUBLISH', ARGV[3], ARGV[4])`;

const CLOSE = `
redis.call('DEL', KEYS[1])
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('PUBLISH', ARGV[2], ARGV[3])`;

const LEASE = `
redis.call('HDEL', KEYS[2], '')
return redis.call('SET', KEYS[1], '1', 'PX', ARGV[1], 'NX') and 1 or 0`;

/** `tell` hears of what other workers changed, so that every worker's metrics say the same. */
export function createSharedBreakers(
  redis: Redis,
  keys: Keys,
  now: () => number,
  tell: Tell,
): SharedBreakers {
  let mirror = new Map<BreakerId, number>();
  /** Those that this process is changing, and for each read under way those that it has changed meanwhile. */
  const changing = new Map<symbol, BreakerId>();
  const changedDuring = new Set<Set<BreakerId>>();
  const withRoom = <T>(run: () => Promise<T>): Promise<T> =>
    runWithRoom(redis, () => [{ key: keys.breakers, type: "hash" }], tell, run);
  const change = async (id: BreakerId, write: () => Promise<unknown>): Promise<void> => {
    const one = Symbol();
    changing.set(one, id);
    for (const changed of changedDuring) changed.add(id);
    await withRoom(write).finally(() => changing.delete(one));
  };
  /** The fleet's truth, and our own where it was read before we changed it. */
  const read = async (): Promise<Map<BreakerId, number>> => {
    const changed = new Set(changing.values());
    changedDuring.add(changed);
    const found = await withRoom(() => readOpenBreakers(redis, keys)).finally(() =>
      changedDuring.delete(changed),
    );
    for (const id of changed) {
      const untilMs = mirror.get(id);
      if (untilMs === undefined) found.delete(id);
      else found.set(id, untilMs);
    }
    return found;
  };
  const runOpen = prepareScript(redis, OPEN);
  const runClose = prepareScript(redis, CLOSE);
  const runLease = prepareScript(redis, LEASE);
  const keysOf = (id: BreakerId): readonly string[] => [keys.probe(id), keys.breakers];
  return {
    openUntil: (id) => mirror.get(id) ?? null,
    open: async (id, untilMs) => {
      mirror.set(id, untilMs);
      await change(id, () => runOpen(keysOf(id), [id, untilMs, keys.changes, breakerNews]));
    },
    close: async (id) => {
      mirror.delete(id);
      await change(id, () => runClose(keysOf(id), [id, keys.changes, breakerNews]));
    },
    leaseProbe: async (id, leaseMs) => (await withRoom(() => runLease(keysOf(id), [leaseMs]))) === 1,
    refresh: async () => {
      const found = await read();
      const before = mirror;
      mirror = found;
      for (const id of mirror.keys()) {
        if (!before.has(id)) tell(breakerChanged(id, "open"));
      }
      for (const id of before.keys()) {
        if (!mirror.has(id)) tell(breakerChanged(id, "closed"));
      }
      const forgotten = [...mirror].filter(([id, untilMs]) => isForgotten(id, untilMs, now()));
      if (forgotten.length === 0) return;
      for (const [id] of forgotten) {
        mirror.delete(id);
        tell(breakerChanged(id, "closed"));
      }
      await redis.hdel(keys.breakers, ...forgotten.map(([id]) => id));
    },
  };
}

const isForgotten = (id: BreakerId, untilMs: number, nowMs: number): boolean =>
  (isOrigin(id) || isDestinationId(id)) && nowMs - untilMs > FORGET_AFTER_MS;

/** As Redis has them now: id → epoch ms of the next probe. */
export async function readOpenBreakers(redis: Redis, keys: Keys): Promise<Map<BreakerId, number>> {
  const open = Object.entries(await redis.hgetall(keys.breakers));
  return new Map(open.map(([id, until]) => [readId(id), Number(until)]));
}

const readId = (id: string): BreakerId => (isOrigin(asOrigin(id)) ? asOrigin(id) : asEndpointId(id));

/** Epoch ms of the next probe of an endpoint while its breaker, or that of its origin, is open; null while both are closed. */
export function openUntilOf(
  breakers: Pick<SharedBreaker, "openUntil">,
  endpoint: Pick<Endpoint, "id" | "url">,
): number | null {
  const [own, origin] = [breakers.openUntil(endpoint.id), breakers.openUntil(originOf(endpoint))];
  return own === null || origin === null ? (own ?? origin) : Math.max(own, origin);
}
