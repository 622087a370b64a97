/**
 * The breakers' truth that a whole fleet shares: which are open, until when, and who may probe. Only open
 * breakers are kept, so what every worker mirrors stays small however many endpoints there are.
 */
import { asEndpointId, type EndpointId } from "../core/brand.ts";
import { isDestinationId } from "../core/destination.ts";
import type { Tell } from "../core/happening.ts";
import type { SharedBreaker } from "../deliver/ports.ts";
import { breakerNews } from "./changes.ts";
import type { Keys } from "./keys.ts";
import type { Redis } from "./redis.ts";

export interface SharedBreakers extends SharedBreaker {
  /** Reads the fleet's truth again. */
  readonly refresh: () => Promise<void>;
}

/**
 * Deliveries that wait for a destination come back when its probe is due. A day later nobody comes any more, and
 * every worker would mirror the entry for good.
 */
const FORGET_AFTER_MS = 24 * 60 * 60 * 1_000;

/** `tell` hears of what other workers changed, so that every worker's metrics say the same. */
export function createSharedBreakers(
  redis: Redis,
  keys: Keys,
  now: () => number,
  tell: Tell,
): SharedBreakers {
  let mirror = new Map<EndpointId, number>();
  const changed = (id: EndpointId) => redis.multi().del(keys.probe(id)).publish(keys.changes, breakerNews);
  return {
    openUntil: (id) => mirror.get(id) ?? null,
    open: async (id, untilMs) => {
      mirror.set(id, untilMs);
      await changed(id).hset(keys.breakers, id, untilMs).exec();
    },
    close: async (id) => {
      mirror.delete(id);
      await changed(id).hdel(keys.breakers, id).exec();
    },
    leaseProbe: async (id, leaseMs) => (await redis.set(keys.probe(id), "1", "PX", leaseMs, "NX")) === "OK",
    refresh: async () => {
      const open = Object.entries(await redis.hgetall(keys.breakers));
      const before = mirror;
      mirror = new Map(open.map(([id, until]) => [asEndpointId(id), Number(until)]));
      for (const id of mirror.keys()) {
        if (!before.has(id)) tell({ kind: "breaker.changed", endpointId: id, state: "open" });
      }
      for (const id of before.keys()) {
        if (!mirror.has(id)) tell({ kind: "breaker.changed", endpointId: id, state: "closed" });
      }
      const forgotten = [...mirror].filter(
        ([id, until]) => isDestinationId(id) && now() - until > FORGET_AFTER_MS,
      );
      if (forgotten.length === 0) return;
      for (const [id] of forgotten) mirror.delete(id);
      await redis.hdel(keys.breakers, ...forgotten.map(([id]) => id));
    },
  };
}
