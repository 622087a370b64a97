/**
 * Deliveries that wait, in a job of their own or in their endpoint's line: for when each is booked, bringing it forward,
 * and taking it out. A job that a worker has in work is locked and stays what it is: its attempt may be on the wire.
 */
import type { Round } from "../core/delivery.ts";
import { askShards, type Shards } from "../core/shards.ts";
import { deliveryJobIds } from "./names.ts";
import type { ParkedRounds, RawKeys } from "./ports.ts";
import type { Queues } from "./queues.ts";

export interface WaitingJobs {
  /** Epoch ms for each; null for one that is due, in work, or not there. */
  readonly bookedFor: (rounds: readonly Round[]) => Promise<readonly (number | null)[]>;
  /** False where it is not booked for later. */
  readonly bringForward: (one: Round) => Promise<boolean>;
  readonly withdraw: (one: Round) => Promise<void>;
}

/** BullMQ keeps the order of jobs that are due in the same millisecond in the lower bits of their score. */
const SCORES_PER_MS = 0x1000;
const NOT_DELAYED = -3;

export function createWaitingJobs({ deliveries }: Queues, redis: RawKeys, parked: ParkedRounds): WaitingJobs {
  const promote = async (jobId: string): Promise<boolean> => {
    try {
      await deliveries.backend.promote(jobId);
      return true;
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === NOT_DELAYED) return false;
      throw error;
    }
  };
  const isThere = async (jobId: string): Promise<boolean> =>
    (await deliveries.getJobState(jobId)) !== "unknown";
  return {
    bookedFor: async (rounds) => {
      if (rounds.length === 0) return [];
      const [scores, parkedUntil] = await Promise.all([
        redis.zmscore(deliveries.toKey("delayed"), ...rounds.flatMap(deliveryJobIds)),
        parked.dueAt(rounds),
      ]);
      return rounds.map((one, at) => bookedTime(scoreOf(one, at, scores)) ?? parkedUntil[at] ?? null);
    },
    bringForward: async (one) => {
      const [own, other, former] = deliveryJobIds(one);
      return (
        (await parked.bringForward(one)) ||
        (await promote(own)) ||
        (await promote(other)) ||
        (await promote(former)) ||
        // No longer delayed, but there: a second job of this round, under its own id, would send at the same time.
        (await isThere(other)) ||
        (await isThere(former))
      );
    },
    withdraw: async (one) => {
      await parked.withdraw(one);
      for (const jobId of deliveryJobIds(one)) await deliveries.remove(jobId);
    },
  };
}

export function waitingJobsOver(shards: Shards<WaitingJobs>): WaitingJobs {
  return {
    bookedFor: (rounds) =>
      askShards(
        shards,
        rounds,
        ({ event }) => event.id,
        (jobs, own) => jobs.bookedFor(own),
      ),
    bringForward: (one) => shards.of(one.event.id).bringForward(one),
    withdraw: (one) => shards.of(one.event.id).withdraw(one),
  };
}

/** That of the first of its ids under which a job is booked. */
function scoreOf(one: Round, at: number, scores: readonly (string | null)[]): string | null {
  const ids = deliveryJobIds(one).length;
  return scores.slice(at * ids, (at + 1) * ids).find((score) => score !== null) ?? null;
}

/** Epoch ms of a delayed job's score. */
export const bookedTime = (score: string | null): number | null =>
  score === null ? null : Math.floor(Number(score) / SCORES_PER_MS);
