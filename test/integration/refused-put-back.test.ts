/** A job that Redis refuses to take back for a moment is put back after it, and not found by its lock's end. */
import { Redis } from "ioredis";
import { expect, it } from "vitest";
import { DurableWorker } from "../../src/queue/durable-worker.ts";
import { openQueues } from "../../src/queue/queues.ts";
import { connectRedis } from "../../src/store/redis.ts";
import { startRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

it("is put back when Redis takes it again: nobody finds it stalled", async () => {
  await using redis = await startRedis();
  await using stack = new AsyncDisposableStack();
  const [admin, connection] = [new Redis(redis.url), connectRedis(redis.url, "worker", () => undefined)];
  stack.defer(() => {
    admin.disconnect();
    connection.disconnect();
  });
  const { events, close } = openQueues(connection, "{hookwave}", () => undefined);
  stack.defer(close);
  const errors: Error[] = [];
  const onError = (error: Error): void => void errors.push(error);
  const stalls: number[] = [];
  const free = Promise.withResolvers<void>();
  const worker = new DurableWorker(
    "events",
    async (job) => {
      stalls.push(job.stalledCounter);
      await free.promise;
    },
    {
      ...{ connection, prefix: "{hookwave}", concurrency: 1, onError },
      system: { now: Date.now, monotonicMs: () => performance.now() },
    },
  );
  stack.defer(() => worker.close());
  worker.run().catch(onError);
  await events.add("events", { v: 1, events: [] });
  await until("the job is in work", () => stalls.length === 1);

  // Writes are refused: NOREPLICAS.
  await admin.config("SET", "min-replicas-to-write", "1");
  free.resolve();
  await until("its end was refused", () => errors.some(({ message }) => message.includes("NOREPLICAS")));
  await admin.config("SET", "min-replicas-to-write", "0");
  await until("it is in work again", () => stalls.length === 2);
  expect(stalls).toEqual([0, 0]);
});
