/**
 * Deliveries that wait in a job of their own: for when it is booked, bringing it forward, and taking it out. A job that
 * a worker has in work is locked and stays what it is: its attempt may be on the wire.
 */
import type { DeliveryId } from "../core/brand.ts";
import { deliveryJobId } from "./names.ts";
import type { Queues } from "./queues.ts";

export interface Scheduled {
  /** Epoch ms; null for one that is due, in work, or not there. */
  readonly bookedFor: (id: DeliveryId, round: number) => Promise<number | null>;
  /** False where it is not booked for later. */
  readonly bringForward: (id: DeliveryId, round: number) => Promise<boolean>;
  readonly withdraw: (id: DeliveryId, round: number) => Promise<void>;
}

/** Reads one member's score of a Redis sorted set: the time of a job is wanted without its data. */
export type ReadScore = (key: string, member: string) => Promise<string | null>;

/** BullMQ keeps the order of jobs that are due in the same millisecond in the lower bits of their score. */
const SCORES_PER_MS = 0x1000;
const NOT_DELAYED = -3;

export function createScheduled({ deliveries }: Queues, readScore: ReadScore): Scheduled {
  return {
    bookedFor: async (id, round) => {
      const score = await readScore(deliveries.toKey("delayed"), deliveryJobId(id, round));
      return score === null ? null : Math.floor(Number(score) / SCORES_PER_MS);
    },
    bringForward: async (id, round) => {
      try {
        await deliveries.backend.promote(deliveryJobId(id, round));
        return true;
      } catch (error) {
        if (error instanceof Error && "code" in error && error.code === NOT_DELAYED) return false;
        throw error;
      }
    },
    withdraw: async (id, round) => {
      await deliveries.remove(deliveryJobId(id, round));
    },
  };
}
