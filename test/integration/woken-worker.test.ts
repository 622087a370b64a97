/**
 * A worker that waits and is woken, as at a low rate each event finds it. With each job BullMQ leaves a marker, for there
 * may be more; of the only job there was it would wake the worker once more for nothing.
 */
import { expect, it } from "vitest";
import { DurableWorker } from "../../src/queue/durable-worker.ts";
import { openQueues } from "../../src/queue/queues.ts";
import { connectRedis } from "../../src/store/redis.ts";
import { startRedis } from "../support/service.ts";
import { leastOf, until } from "../support/until.ts";

const PREFIX = "{woken}";
const EVENTS = { v: 1, events: [] } as const;

/** A worker that waits for a job, and keeps each in work until `letGo`. */
async function startWaiting() {
  const server = await startRedis();
  const [redis, connection] = [
    connectRedis(server.url, "watcher", () => undefined),
    connectRedis(server.url, "worker", () => undefined),
  ];
  const { events, close } = openQueues(redis, PREFIX, () => undefined);
  const taken: string[] = [];
  const free = Promise.withResolvers<void>();
  const process = async ({ id = "" }): Promise<void> => {
    taken.push(id);
    await free.promise;
  };
  const system = { now: Date.now, monotonicMs: () => performance.now() };
  const options = { connection, prefix: PREFIX, concurrency: 8, system, onError: () => undefined };
  const worker = new DurableWorker("events", process, options);
  worker.run().catch(() => undefined);
  /** The flag b of CLIENT LIST: it waits. */
  const waits = async (): Promise<boolean> => /\bflags=\w*b\w* /.test(String(await redis.client("LIST")));
  /** Scripts that this server has run so far. */
  const scripts = async (): Promise<number> => {
    const counts = (await redis.info("commandstats")).matchAll(/cmdstat_eval(?:sha)?:calls=(\d+)/g);
    return [...counts].reduce((sum, [, calls]) => sum + Number(calls), 0);
  };
  await until("it waits for a job", waits);
  return {
    ...{ redis, events, taken, waits, scripts },
    letGo: free.resolve,
    [Symbol.asyncDispose]: async () => {
      free.resolve();
      await worker.close();
      await close();
      redis.disconnect();
      connection.disconnect();
      await server[Symbol.asyncDispose]();
    },
  };
}

it("is not woken by what the only job left, but by the next one", async () => {
  await using waiting = await startWaiting();
  const { redis, events, taken, waits, scripts } = waiting;
  await events.add("events", EVENTS, { jobId: "one" });
  await until("it has it, and waits again", async () => taken.length === 1 && (await waits()));
  expect(await redis.exists(`${PREFIX}:events:marker`)).toBe(0);
  const scriptsForNext = async (): Promise<number> => {
    const [before, had] = [await scripts(), taken.length];
    await events.add("events", EVENTS, { jobId: `more_${had}` });
    await until("it has one more beside it", async () => taken.length === had + 1 && (await waits()));
    return (await scripts()) - before;
  };
  // One adds it, one takes it, one looks whether it was the only one. Beside them there are those that come by the clock.
  expect(await leastOf(4, scriptsForNext)).toBe(3);
});

it("takes all that there is as soon as it is woken", async () => {
  await using waiting = await startWaiting();
  const ids = ["a", "b", "c", "d"];
  await waiting.events.addBulk(ids.map((jobId) => ({ name: "events", data: EVENTS, opts: { jobId } })));
  // One by one, with a wait of three seconds before each, it would be too late.
  await until("it has them all", () => waiting.taken.length === ids.length, 2_500);
});

it("goes on with what is delayed when it is due", async () => {
  await using waiting = await startWaiting();
  const { events, taken } = waiting;
  await events.add("events", EVENTS, { jobId: "later", delay: 300 });
  await events.add("events", EVENTS, { jobId: "now" });
  await until("it has both", () => taken.length === 2, 2_500);
  expect(taken).toEqual(["now", "later"]);
});
