/** Slots that jobs lend while they only wait: what BullMQ's worker makes of it. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { DurableWorker, type Run } from "../../src/queue/durable-worker.ts";
import { openQueues, type Queues } from "../../src/queue/queues.ts";
import { connectRedis, type Redis } from "../../src/store/redis.ts";
import { startRedis, type TestRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

let server: TestRedis;
let redis: Redis;
let number = 0;

beforeAll(async () => {
  server = await startRedis();
  redis = connectRedis(server.url, "watcher", () => undefined);
});
afterAll(async () => {
  redis.disconnect();
  await server[Symbol.asyncDispose]();
});

interface InWork {
  readonly run: Run;
  readonly end: () => void;
}

/** A worker with two slots, whose jobs go on until they are ended. */
function open() {
  const prefix = `{lent${number++}}`;
  const queues: Queues = openQueues(redis, prefix, () => undefined);
  const connection = connectRedis(server.url, "worker", () => undefined);
  const inWork = new Map<string, InWork>();
  const errors: Error[] = [];
  const worker = new DurableWorker(
    "events",
    (job, run) =>
      new Promise((end) => {
        inWork.set(job.id ?? "", { run, end });
      }),
    {
      connection,
      prefix,
      concurrency: 2,
      system: { now: Date.now, monotonicMs: () => performance.now() },
      onError: (error) => void errors.push(error),
    },
  );
  worker.run().catch((error: Error) => void errors.push(error));
  onTestFinished(async () => {
    for (const { end } of inWork.values()) end();
    await worker.close();
    await queues.close();
    connection.disconnect();
  });
  const add = async (...ids: readonly string[]): Promise<void> => {
    for (const jobId of ids) await queues.events.add("events", { v: 1, events: [] }, { jobId });
  };
  const begun = (count: number) =>
    until(`${count} are in work`, () => inWork.size === count && [...inWork.keys()]);
  return { worker, queues, inWork, errors, add, begun };
}

describe("a job that lends its slot", () => {
  it("lets another in, goes on, and is over when it ends", async () => {
    const { queues, inWork, errors, add, begun } = open();
    await add("a", "b", "c", "d");
    expect(await begun(2)).toEqual(["a", "b"]);
    inWork.get("a")?.run.lendSlot();
    inWork.get("a")?.run.lendSlot();
    expect(await begun(3)).toEqual(["a", "b", "c"]);
    expect(inWork.get("a")?.run.holdsLease()).toBe(true);
    inWork.get("a")?.end();
    await until("a is over", async () => (await queues.events.getJob("a")) === undefined);
    // Its slot was taken when it was lent: its end makes room for nobody.
    expect([...inWork.keys()]).toEqual(["a", "b", "c"]);
    inWork.get("b")?.end();
    expect(await begun(4)).toEqual(["a", "b", "c", "d"]);
    expect(errors).toEqual([]);
  });

  it("is waited for when its worker is closed", async () => {
    const { worker, queues, inWork, add, begun } = open();
    await add("a");
    await begun(1);
    inWork.get("a")?.run.lendSlot();
    let isClosed = false;
    const closing = worker.close().then(() => {
      isClosed = true;
    });
    await add("b");
    expect(await queues.events.getActiveCount()).toBe(1);
    expect(isClosed).toBe(false);
    inWork.get("a")?.end();
    await closing;
    expect(await queues.events.getJob("a")).toBeUndefined();
    expect([...inWork.keys()]).toEqual(["a"]);
  });

  it("gives itself back when a shutdown runs out of patience", async () => {
    const { worker, inWork, add, begun } = open();
    await add("a");
    await begun(1);
    const run = inWork.get("a")?.run;
    run?.lendSlot();
    worker.cancelAllJobs("shutting down");
    expect([run?.signal.aborted, run?.holdsLease()]).toEqual([true, false]);
  });

  it("keeps its slot when its end has begun", async () => {
    const { worker, queues, inWork, errors, add, begun } = open();
    await add("a", "b", "c");
    await begun(2);
    const one = inWork.get("a");
    // Its end has brought the next job by then, which BullMQ's loop has not got yet.
    worker.once("completed", () => one?.run.lendSlot());
    one?.end();
    expect(await begun(3)).toEqual(["a", "b", "c"]);
    await until("a is over", async () => (await queues.events.getJob("a")) === undefined);
    expect(errors).toEqual([]);
  });
});
