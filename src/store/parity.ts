/**
 * Parity by exception: the ids of events whose webhook is owed and has not been delivered. What both ways have is never
 * in it, so memory and reports grow with what is missing, not with what was published.
 */
import type { ParityBook } from "../bus/ports.ts";
import { asEventId, type EventId } from "../core/brand.ts";
import type { Keys } from "./keys.ts";
import type { Redis } from "./redis.ts";

export interface ParityStore extends ParityBook {
  /** Accepted until then, oldest first. */
  readonly owedUntil: (
    untilMs: number,
    most: number,
  ) => Promise<readonly { readonly id: EventId; readonly acceptedAt: number }[]>;
  /** All that is owed, however young. */
  readonly count: (untilMs?: number) => Promise<number>;
}

/** An id that is owed for longer than events are remembered is forgotten: nobody could say any more what became of it. */
export function createParityStore(
  redis: Redis,
  keys: Keys,
  retentionMs: number,
  now: () => number,
): ParityStore {
  return {
    owe: async (owed) => {
      const forgotten = redis.zremrangebyscore(keys.parity, "-inf", now() - retentionMs);
      const scores = owed.flatMap(({ id, acceptedAt }) => [acceptedAt, id]);
      await Promise.all([forgotten, redis.zadd(keys.parity, "NX", ...scores)]);
    },
    settle: async (ids) => {
      await redis.zrem(keys.parity, ...ids);
    },
    owedUntil: async (untilMs, most) => {
      const flat = await redis.zrangebyscore(keys.parity, "-inf", untilMs, "WITHSCORES", "LIMIT", 0, most);
      return Array.from({ length: flat.length / 2 }, (_, index) => ({
        id: asEventId(flat[index * 2] ?? ""),
        acceptedAt: Number(flat[index * 2 + 1]),
      }));
    },
    count: (untilMs = Number.MAX_SAFE_INTEGER) => redis.zcount(keys.parity, "-inf", untilMs),
  };
}
