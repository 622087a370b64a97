/**
 * Deliveries that wait for another attempt, of each endpoint, by the time they were accepted: what an operator asks
 * when one receiver is ill. An index for people, not the truth: the jobs are. Adding or removing twice does no harm,
 * and a re-run after a crash puts right what was missed.
 */
import type { EndpointId } from "../core/brand.ts";
import { deliveryId } from "../core/delivery.ts";
import type { WaitingIndex } from "../deliver/ports.ts";
import { heldText, KEEP_STATE, stateField } from "./event-record.ts";
import type { Keys } from "./keys.ts";
import type { Redis } from "./redis.ts";
import { prepareScript } from "./script.ts";

export interface Backlog {
  readonly waiting: number;
  /** Epoch ms at which the oldest of them was accepted; null when nothing waits. */
  readonly oldestAcceptedAt: number | null;
}

export interface WaitingDeliveries extends WaitingIndex {
  readonly read: (id: EndpointId) => Promise<Backlog>;
}

const HOLD = `${KEEP_STATE}
redis.call('ZADD', KEYS[1], ARGV[1], ARGV[2])
keepState(KEYS[2], ARGV[3], ARGV[4], ARGV[5], ARGV[1])`;

export function createWaitingIndex(redis: Redis, keys: Keys, retentionMs: number): WaitingDeliveries {
  const runHold = prepareScript(redis, HOLD);
  return {
    add: async (delivery) => {
      const { endpointId, acceptedAt, round, attempts } = delivery;
      const index = keys.waiting(endpointId);
      if (attempts.length > 0) {
        await redis.zadd(index, acceptedAt, deliveryId(delivery));
        return;
      }
      const state = heldText(round);
      await runHold(
        [index, keys.event(delivery.event.id)],
        [acceptedAt, deliveryId(delivery), stateField(endpointId), state, retentionMs],
      );
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
