/** kill -9 at any moment loses no accepted event; duplicates stay within what was in flight. */
import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { type Answer, startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis, type TestRedis } from "../support/service.ts";
import { thingsMade } from "../support/things.ts";
import { until } from "../support/until.ts";
import { startWorker } from "../support/workers.ts";

/** As after a first crash: the second one must not be the end of a job (trap 1: BullMQ's default fails it then). */
async function pretendCrashed(redis: TestRedis, jobIds: readonly string[]): Promise<void> {
  const connection = new Redis(redis.url);
  for (const jobId of jobIds) await connection.hset(`{hookwave}:events:${jobId}`, "stc", 1);
  connection.disconnect();
}

describe.concurrent("a worker killed with kill -9", () => {
  it("with 50 POSTs in flight, for the second time: everything is delivered, sent again within 20 s, at most 50 of it twice", async () => {
    await using redis = await startRedis();
    const neverAnswers: Answer = () => undefined;
    await using receiver = await startReceiver(neverAnswers);
    await using api = await startHookwave(redis, { role: "api" });
    await api.endpoints.add({ url: receiver.url, maxInFlight: 50 });
    await api.publishMany(thingsMade(200));
    await pretendCrashed(redis, ["1", "2", "3", "4"]);
    await using doomed = await startWorker(redis);
    await receiver.received(50);

    await doomed.kill("SIGKILL");
    const killedAt = performance.now();
    const inFlight = receiver.requests.length;
    receiver.replies(200);
    await using _heir = await startWorker(redis);

    const sentAgain = await until("something is sent again", () => receiver.requests[inFlight], 20_000);
    expect(sentAgain.at - killedAt).toBeLessThan(20_000);
    await until("all have come", () => new Set(receiver.ids()).size === 200, 30_000);
    await until("nothing is left to do", async () => {
      const { new: fresh, retrying } = await api.queueCounts();
      return fresh.depth + retrying.depth === 0;
    });
    expect(inFlight).toBe(50);
    expect(receiver.requests.length - 200).toBeLessThanOrEqual(50);
    expect((await api.queueCounts()).dead.depth).toBe(0);
  }, 90_000);
});

describe.concurrent("a worker told to stop", () => {
  it("finishes what is open, exits 0, and sends nothing twice", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver((response) => {
      setTimeout(() => response.writeHead(200).end(), 500);
    });
    await using api = await startHookwave(redis, { role: "api" });
    await api.endpoints.add({ url: receiver.url, maxInFlight: 100 });
    await using first = await startWorker(redis);
    await api.publishMany(thingsMade(100));
    await receiver.received(50);

    const exitCode = await first.kill("SIGTERM");
    await using _second = await startWorker(redis);

    expect(exitCode).toBe(0);
    await until("all have come", () => new Set(receiver.ids()).size === 100);
    await until("nothing is left to do", async () => {
      const { new: fresh, retrying } = await api.queueCounts();
      return fresh.depth + retrying.depth === 0;
    });
    expect(receiver.ids()).toHaveLength(100);
  }, 60_000);
});
