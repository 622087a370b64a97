/**
 * Latency from publishing to the receiver's first byte, at a steady rate: publisher, worker and receiver in three
 * processes. The schedule is open-loop: an event counts from when it was due, whether or not the one before it has
 * come through, so that a stall shows in every event it delayed.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { createPublisher } from "../src/publisher.ts";
import { startChild } from "./children.ts";
import { clockMs, dueId } from "./due.ts";
import { emptyRedis } from "./empty-redis.ts";
import { quantile } from "./quantile.ts";
import { startNodeReceiver } from "./receivers.ts";
import { DATA, EVENT_TYPE, type Ground, type Setup, type Stretch } from "./workload.ts";

export interface Latency {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export const EVENTS_PER_SECOND = 500;
const ARRIVAL_PATIENCE_MS = 10_000;

export async function measureLatency(stretch: Stretch, ground: Ground): Promise<Latency> {
  await using cleanup = new AsyncDisposableStack();
  await emptyRedis(ground.redisUrl);
  const receiver = await startNodeReceiver();
  cleanup.defer(receiver.stop);
  const setup: Setup = { ...ground, ...stretch, receiverUrl: receiver.url };
  const service = await startChild("run-service.ts", "latency", JSON.stringify(setup));
  cleanup.defer(service.stop);
  const total = stretch.skip + stretch.count;
  await publishSteadily(ground.redisUrl, total, EVENTS_PER_SECOND);
  await untilCount(receiver.posts, total);
  const lateMs = await receiver.lateMs();
  if (lateMs.length !== total) throw new Error(`expected ${total} events, got ${lateMs.length}`);
  const measured = lateMs.slice(stretch.skip);
  return { p50Ms: quantile(measured, 0.5), p99Ms: quantile(measured, 0.99) };
}

/** Resolves once all are stored; the id of each says when it was due. */
export async function publishSteadily(redisUrl: string, total: number, perSecond: number): Promise<void> {
  const publisher = createPublisher({ redisUrl });
  const stored: Promise<unknown>[] = [];
  const startMs = clockMs();
  const dueMs = (index: number): number => startMs + (1_000 * index) / perSecond;
  while (stored.length < total) {
    while (stored.length < total && dueMs(stored.length) <= clockMs()) {
      const id = dueId(dueMs(stored.length), stored.length);
      stored.push(publisher.publish({ id, type: EVENT_TYPE, data: DATA }));
    }
    await sleep(1);
  }
  await Promise.all(stored);
  await publisher.close();
}

/** Throws where it takes more than ten seconds. */
export async function untilCount(count: () => Promise<number>, expected: number): Promise<void> {
  const giveUpMs = clockMs() + ARRIVAL_PATIENCE_MS;
  while ((await count()) < expected) {
    if (clockMs() > giveUpMs) throw new Error(`expected ${expected} arrivals, got ${await count()}`);
    await sleep(20);
  }
}
