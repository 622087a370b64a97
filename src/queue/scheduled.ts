/**
 * Deliveries that wait in a job of their own: for when it is booked, bringing it forward, and taking it out. A job that
 * a worker has in work is locked and stays what it is: its attempt may be on the wire.
 */
import type { DeliveryId } from "../core/brand.ts";
import { deliveryJobId } from "./names.ts";
import type { Queues } from "./queues.ts";

/** What has one job. */
export interface Round {
  readonly id: DeliveryId;
  readonly round: number;
}

export interface Scheduled {
  /** Epoch ms for each; null for one that is due, in work, or not there. */
  readonly bookedFor: (rounds: readonly Round[]) => Promise<readonly (number | null)[]>;
  /** False where it is not booked for later. */
  readonly bringForward: (one: Round) => Promise<boolean>;
  readonly withdraw: (one: Round) => Promise<void>;
}

/** Reads members' scores of a Redis sorted set: the times of jobs are wanted without their data. */
export type ReadScores = (key: string, members: readonly string[]) => Promise<readonly (string | null)[]>;

/** BullMQ keeps the order of jobs that are due in the same millisecond in the lower bits of their score. */
const SCORES_PER_MS = 0x1000;
const NOT_DELAYED = -3;

export function createScheduled({ deliveries }: Queues, readScores: ReadScores): Scheduled {
  const jobId = ({ id, round }: Round): string => deliveryJobId(id, round);
  return {
    bookedFor: async (rounds) => {
      if (rounds.length === 0) return [];
      const scores = await readScores(deliveries.toKey("delayed"), rounds.map(jobId));
      return scores.map((score) => (score === null ? null : Math.floor(Number(score) / SCORES_PER_MS)));
    },
    bringForward: async (one) => {
      try {
        await deliveries.backend.promote(jobId(one));
        return true;
      } catch (error) {
        if (error instanceof Error && "code" in error && error.code === NOT_DELAYED) return false;
        throw error;
      }
    },
    withdraw: async (one) => {
      await deliveries.remove(jobId(one));
    },
  };
}
