/**
 * Counts the three queues: new, trying again, given up; and how long the one at the head of each has been
 * there. Counts are jobs: a job of the events queue may hold up to 64 events.
 */
import type { JobType, Queue } from "bullmq";
import { isWrongType } from "../core/errors.ts";
import type { QueueCounts, QueueReading } from "../core/queue-counts.ts";
import { delayIn } from "./job-metadata.ts";
import type { ParkedRounds, RawKeys } from "./ports.ts";
import type { Queues } from "./queues.ts";
import { bookedTime } from "./waiting-jobs.ts";

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
  const retrying = {
    depth: booked.depth + held.depth,
    oldestAgeMs: Math.max(booked.oldestAgeMs, since(held.oldestHeldSince, nowMs)),
    overdueMs: Math.max(booked.overdueMs, since(held.dueAt, nowMs)),
  };
  // A dead letter is due to nobody.
  return { new: fresh, retrying, dead: { ...dead, overdueMs: 0 } };
}

const since = (timeMs: number | null, nowMs: number): number =>
  timeMs === null ? 0 : Math.max(0, nowMs - timeMs);

async function readQueue(queue: Queue, redis: RawKeys, nowMs: number): Promise<QueueReading> {
  const counts = await queue.getJobCounts(...STATES);
  const depth = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const heads = await Promise.all(STATES.map((state) => readHead(queue, state, redis)));
  return {
    depth,
    oldestAgeMs: since(earliest(heads.map((head) => head?.addedAt)), nowMs),
    overdueMs: since(earliest(heads.map((head) => head?.dueAt)), nowMs),
  };
}

function earliest(times: readonly (number | null | undefined)[]): number | null {
  const known = times.filter((time) => typeof time === "number");
  return known.length === 0 ? null : Math.min(...known);
}

/** Epoch ms; null where that is not known, and for what is due of a job in work. */
interface Head {
  readonly addedAt: number | null;
  readonly dueAt: number | null;
}

async function readHead(queue: Queue, state: JobType, redis: RawKeys): Promise<Head | null> {
  const [id] = await queue.getRanges([state], 0, 0, true);
  if (id === undefined) return null;
  const [timestamp = null, opts = null] = await redis
    .hmget(queue.toKey(id), "timestamp", "opts")
    .catch(noJob);
  const addedAt = timestamp === null || !/^\d+$/.test(timestamp) ? null : Number(timestamp);
  if (state === "active") return { addedAt, dueAt: null };
  if (state !== "delayed") return { addedAt, dueAt: addedAt === null ? null : addedAt + delayIn(opts) };
  const [score = null] = await redis.zmscore(queue.toKey("delayed"), id);
  return { addedAt, dueAt: bookedTime(score) };
}

/** The entry at the head may be no job at all (see quarantine.ts); it must not keep us from counting. */
function noJob(error: unknown): readonly null[] {
  if (isWrongType(error)) return [];
  throw error;
}
