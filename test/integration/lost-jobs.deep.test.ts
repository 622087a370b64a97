/** A worker that has lost a job to another one sends nothing more of it. */
import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { DurableWorker, type Process, type Run } from "../../src/queue/durable-worker.ts";
import { startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis, type TestRedis } from "../support/service.ts";
import { startLink } from "../support/silent-link.ts";
import { until } from "../support/until.ts";
import { startWorker } from "../support/workers.ts";

const PREFIX = "{locks}";
const LOCK_KEY = `${PREFIX}:jobs:1:lock`;

/** Runs that end when they are told to. */
interface HeldRuns {
  readonly runs: readonly Run[];
  readonly process: Process;
  readonly end: () => void;
}

function heldRuns(): HeldRuns {
  const runs: Run[] = [];
  const end = Promise.withResolvers<void>();
  const process: Process = (_job, run) => {
    runs.push(run);
    return end.promise;
  };
  return { runs, process, end: end.resolve };
}

/** One job in a queue of its own, and a worker that reaches Redis by `workerUrl`. */
async function workOn(redis: TestRedis, workerUrl: string, { process, end }: HeldRuns) {
  const admin = new Redis(redis.url, { maxRetriesPerRequest: null });
  const queue = new Queue("jobs", { connection: admin, prefix: PREFIX });
  await queue.add("one", {});
  const connection = new Redis(workerUrl, { maxRetriesPerRequest: null, socketTimeout: 2_000 });
  connection.on("error", () => undefined);
  const worker = new DurableWorker("jobs", process, {
    connection,
    prefix: PREFIX,
    concurrency: 4,
    system: { now: () => Date.now(), monotonicMs: () => performance.now() },
    onError: () => undefined,
  });
  const running = worker.run();
  return {
    admin,
    worker,
    [Symbol.asyncDispose]: async () => {
      end();
      await worker.close();
      await running;
      await queue.close();
      connection.disconnect();
      admin.disconnect();
    },
  };
}

describe.concurrent("a run of a job", () => {
  it("stays the worker's for longer than a lock lasts", async () => {
    await using redis = await startRedis();
    const held = heldRuns();
    const { runs } = held;
    await using _work = await workOn(redis, redis.url, held);
    const begunAt = await until("it runs", () => runs.length === 1 && performance.now());
    await until("its first lock would be over", () => performance.now() - begunAt > 11_000);
    expect(runs.map(({ holdsLease }) => holdsLease())).toEqual([true]);
  });

  it("is not the worker's any more when Redis has not been heard of for so long", async () => {
    await using redis = await startRedis();
    await using link = await startLink(redis.url);
    const held = heldRuns();
    const { runs } = held;
    await using _work = await workOn(redis, link.url, held);
    await until("it runs", () => runs.length === 1);
    link.silence();
    await until("it knows that it may be lost", () => runs[0]?.holdsLease() === false, 11_000);
    held.end();
    link.restore();
  });

  it("is not the worker's any more when Redis says so, and runs again here only once it has ended", async () => {
    await using redis = await startRedis();
    const held = heldRuns();
    const { runs } = held;
    await using work = await workOn(redis, redis.url, held);
    await until("it runs", () => runs.length === 1);

    await work.admin.del(LOCK_KEY);
    await until("it knows that it is lost", () => runs[0]?.holdsLease() === false, 8_000);
    await until(
      "the job has been found and put back",
      async () => (await work.admin.zcard(`${PREFIX}:jobs:delayed`)) === 1,
      20_000,
    );
    expect(runs).toHaveLength(1);

    held.end();
    await until("it runs again", () => runs.length === 2);
  });
});

describe.concurrent("a run of a job that a shutdown gives back", () => {
  it("is not the worker's any more", async () => {
    await using redis = await startRedis();
    const held = heldRuns();
    await using work = await workOn(redis, redis.url, held);
    await until("it runs", () => held.runs.length === 1);
    work.worker.cancelAllJobs("shutting down");
    expect(held.runs.map(({ holdsLease }) => holdsLease())).toEqual([false]);
  });
});

describe.concurrent("a worker that is frozen for so long that another gets its jobs", () => {
  it("sends nothing of what still waited in it, and doubles at most what was open", async () => {
    await using redis = await startRedis();
    const answers: (() => void)[] = [];
    await using receiver = await startReceiver((response) => {
      answers.push(() => response.writeHead(200).end());
    });
    await using api = await startHookwave(redis, { role: "api" });
    await api.endpoints.add({ url: receiver.url, maxInFlight: 20, retrySchedule: [] });
    await api.publishMany(
      Array.from({ length: 200 }, (_, n) => ({ id: `evt_${n}`, type: "thing.made", data: {} })),
    );
    await using first = await startWorker(redis);
    await receiver.received(20);
    process.kill(first.pid, "SIGSTOP");

    receiver.replies(200);
    await using _second = await startWorker(redis);
    await until("the other has sent everything", () => new Set(receiver.ids()).size === 200, 40_000);
    await until("and has nothing left to do", async () => {
      const { new: fresh, retrying } = await api.queueCounts();
      return fresh.depth + retrying.depth === 0;
    });
    process.kill(first.pid, "SIGCONT");
    for (const answer of answers) answer();

    expect(await first.kill("SIGTERM")).toBe(0);
    expect(receiver.ids().length - 200).toBeLessThanOrEqual(20);
    expect((await api.queueCounts()).dead.depth).toBe(0);
  }, 90_000);
});
