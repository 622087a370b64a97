/**
 * Which deliveries of each endpoint are waiting for another attempt, by the time they were accepted: what an
 * operator asks when one receiver is ill. An index for people, not the truth: the jobs are. Adding or removing
 * twice does no harm, and a re-run after a crash puts right what was missed.
 */
import type { EndpointId } from "../core/brand.ts";
import { type Delivery, deliveryId } from "../core/delivery.ts";
import type { Keys } from "./keys.ts";
import type { Redis } from "./redis.ts";

export interface Backlog {
  readonly waiting: number;
  /** Epoch ms at which the oldest of them was accepted; null when nothing waits. */
  readonly oldestAcceptedAt: number | null;
}

export interface WaitingIndex {
  readonly add: (delivery: Delivery) => Promise<void>;
  readonly remove: (delivery: Delivery) => Promise<void>;
  readonly read: (id: EndpointId) => Promise<Backlog>;
}

export function createWaitingIndex(redis: Redis, keys: Keys): WaitingIndex {
  return {
    add: async (delivery) => {
      await redis.zadd(keys.waiting(delivery.endpointId), delivery.acceptedAt, deliveryId(delivery));
    },
    remove: async (delivery) => {
      await redis.zrem(keys.waiting(delivery.endpointId), deliveryId(delivery));
    },
    read: async (id) => {
      const [waiting, oldest] = await Promise.all([
        redis.zcard(keys.waiting(id)),
        redis.zrange(keys.waiting(id), 0, "0", "WITHSCORES"),
      ]);
      const acceptedAt = oldest[1];
      return { waiting, oldestAcceptedAt: acceptedAt === undefined ? null : Number(acceptedAt) };
    },
  };
}
