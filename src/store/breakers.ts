/**
 * The breakers' truth that a whole fleet shares: which are open, until when, and who may probe. Only open
 * breakers are kept, so what every worker mirrors stays small however many endpoints there are.
 */
import { asEndpointId, type EndpointId } from "../core/brand.ts";
import { breakerNews } from "./changes.ts";
import type { Keys } from "./keys.ts";
import type { Redis } from "./redis.ts";

export interface SharedBreakers {
  readonly openUntil: (id: EndpointId) => number | null;
  readonly open: (id: EndpointId, untilMs: number) => Promise<void>;
  readonly close: (id: EndpointId) => Promise<void>;
  readonly leaseProbe: (id: EndpointId, leaseMs: number) => Promise<boolean>;
  /** Reads the fleet's truth again. */
  readonly refresh: () => Promise<void>;
}

export function createSharedBreakers(redis: Redis, keys: Keys): SharedBreakers {
  let mirror = new Map<EndpointId, number>();
  return {
    openUntil: (id) => mirror.get(id) ?? null,
    open: async (id, untilMs) => {
      mirror.set(id, untilMs);
      await redis
        .multi()
        .hset(keys.breakers, id, untilMs)
        .del(keys.probe(id))
        .publish(keys.changes, breakerNews)
        .exec();
    },
    close: async (id) => {
      mirror.delete(id);
      await redis
        .multi()
        .hdel(keys.breakers, id)
        .del(keys.probe(id))
        .publish(keys.changes, breakerNews)
        .exec();
    },
    leaseProbe: async (id, leaseMs) => (await redis.set(keys.probe(id), "1", "PX", leaseMs, "NX")) === "OK",
    refresh: async () => {
      const open = await redis.hgetall(keys.breakers);
      mirror = new Map(Object.entries(open).map(([id, until]) => [asEndpointId(id), Number(until)]));
    },
  };
}
