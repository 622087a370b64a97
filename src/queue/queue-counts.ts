/**
 * Counts the three queues: new, trying again, given up; and how long the one at the head of each has been
 * there. Counts are jobs: a job of the events queue may hold up to 64 events.
 */
import type { JobType, Queue } from "bullmq";
import { isWrongType } from "../core/errors.ts";
import type { QueueCounts, QueueReading } from "../core/queue-counts.ts";
import type { ParkedRounds, RawKeys } from "./ports.ts";
import type { Queues } from "./queues.ts";

/** In the order in which their heads are looked for. */
const STATES: readonly JobType[] = ["active", "waiting", "prioritized", "delayed"];

export async function countQueues(
  queues: Queues,
  redis: RawKeys,
  parked: ParkedRounds,
  nowMs: number,
): Promise<QueueCounts> {
  const [fresh, booked, dead, held] = await Promise.all([
    readQueue(queues.events, redis, nowMs),
    readQueue(queues.deliveries, redis, nowMs),
    readQueue(queues.deadLetters, redis, nowMs),
    parked.count(),
  ]);
  const heldForMs = held.oldestHeldSince === null ? 0 : nowMs - held.oldestHeldSince;
  const retrying = {
    depth: booked.depth + held.depth,
    oldestAgeMs: Math.max(booked.oldestAgeMs, heldForMs),
  };
  return { new: fresh, retrying, dead };
}

async function readQueue(queue: Queue, redis: RawKeys, nowMs: number): Promise<QueueReading> {
  const counts = await queue.getJobCounts(...STATES);
  const depth = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const addedAt = await Promise.all(STATES.map((state) => headAddedAt(queue, state, redis)));
  const oldest = Math.min(...addedAt.filter((time) => time !== null));
  return { depth, oldestAgeMs: Number.isFinite(oldest) ? Math.max(0, nowMs - oldest) : 0 };
}

async function headAddedAt(queue: Queue, state: JobType, redis: RawKeys): Promise<number | null> {
  const [head] = await queue.getRanges([state], 0, 0, true);
  const timestamp = head === undefined ? null : await redis.hget(queue.toKey(head), "timestamp").catch(noJob);
  return timestamp === null || !/^\d+$/.test(timestamp) ? null : Number(timestamp);
}

/** The entry at the head may be no job at all (see quarantine.ts); it must not keep us from counting. */
function noJob(error: unknown): null {
  if (isWrongType(error)) return null;
  throw error;
}
