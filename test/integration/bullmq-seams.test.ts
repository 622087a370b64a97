/**
 * The private and undocumented parts of BullMQ that src/queue leans on, each by its name and on a real Redis. package.json
 * pins the minor version for their sake: whoever raises it looks here first. A seam that has moved fails here with its
 * name, before it shows as a delivery that was lost or sent twice.
 */
import { Worker } from "bullmq";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { asEndpointId, asEventId } from "../../src/core/brand.ts";
import { DurableWorker, type Process, type Run, type TextJob } from "../../src/queue/durable-worker.ts";
import { deliveryJobIds } from "../../src/queue/names.ts";
import { OWN_NAMES } from "../../src/queue/quarantine.ts";
import { openQueues, type Queues } from "../../src/queue/queues.ts";
import { createWaitingJobs, type WaitingJobs } from "../../src/queue/waiting-jobs.ts";
import { createKeys } from "../../src/store/keys.ts";
import { createParkedRounds } from "../../src/store/parked-rounds.ts";
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

interface Given {
  readonly prefix: string;
  readonly queues: Queues;
  readonly events: Queues["events"];
  readonly keyOf: (name: string) => string;
}

/** Queues of their own for each test. */
function given(): Given {
  const prefix = `{seams${number++}}`;
  const queues = openQueues(redis, prefix, () => undefined);
  onTestFinished(() => queues.close());
  return { prefix, queues, events: queues.events, keyOf: (name) => `${prefix}:events:${name}` };
}

const EVENTS = { v: 1, events: [] } as const;

interface Working {
  readonly worker: DurableWorker;
  readonly errors: readonly Error[];
}

function work({ prefix }: Given, process: Process, concurrency = 4): Working {
  const connection = connectRedis(server.url, "worker", () => undefined);
  const errors: Error[] = [];
  const monotonicMs = (): number => performance.now();
  const onError = (error: Error): void => void errors.push(error);
  const worker = new DurableWorker("events", process, {
    connection,
    prefix,
    concurrency,
    system: { now: Date.now, monotonicMs },
    onError,
  });
  onTestFinished(async () => {
    await worker.close();
    connection.disconnect();
  });
  worker.run().catch(onError);
  return { worker, errors };
}

/** A job that stays in work until the test lets it go. */
async function heldJob(
  where: Given,
): Promise<Working & { readonly job: TextJob; readonly run: Run; readonly letGo: () => void }> {
  const taken = Promise.withResolvers<{ readonly job: TextJob; readonly run: Run }>();
  const free = Promise.withResolvers<void>();
  const working = work(where, async (job, run) => {
    taken.resolve({ job, run });
    await free.promise;
  });
  // Before the worker is closed, which waits for its jobs: what was registered last is called first.
  onTestFinished(() => free.resolve());
  await where.events.add("events", EVENTS, { jobId: "held" });
  return { ...working, ...(await taken.promise), letGo: () => free.resolve() };
}

/** Is a connection waiting for a job? (CLIENT LIST: the flag b.) */
async function isBlocked(): Promise<boolean> {
  return /\bflags=\w*b\w* /.test(String(await redis.client("LIST")));
}

describe("the queue's options", () => {
  it("skipWaitingForReady: an add is refused at once while Redis is away, not kept waiting", async () => {
    const away = connectRedis("redis://127.0.0.1:1", "producer", () => undefined);
    const queues = openQueues(away, "{away}", () => undefined);
    await expect(queues.events.add("events", EVENTS)).rejects.toThrow();
    away.disconnect();
    await queues.close();
  });

  it("skipVersionCheck and skipMetasUpdate: opening a queue asks Redis nothing", async () => {
    const producer = connectRedis(server.url, "producer", () => undefined);
    await until("it is connected", () => producer.status === "ready");
    const commands = (): Promise<number> =>
      redis.info("commandstats").then((text) => {
        const calls = [...text.matchAll(/cmdstat_(\S+):calls=(\d+)/g)].filter(([, name]) => name !== "info");
        return calls.reduce((sum, [, , count]) => sum + Number(count), 0);
      });
    const before = await commands();
    const queues = openQueues(producer, "{silent}", () => undefined);
    // Answered after whatever the queue had asked on the same connection.
    await producer.echo("after");
    expect((await commands()) - before).toBe(1);
    await queues.close();
    producer.disconnect();
  });
});

describe("where BullMQ keeps a job", () => {
  it("toKey: a hash under the queue's prefix, with these fields", async () => {
    const where = given();
    await where.events.add("events", EVENTS, { jobId: "one" });
    expect(where.events.toKey("one")).toBe(where.keyOf("one"));
    const fields = await redis.hgetall(where.keyOf("one"));
    expect(Object.keys(fields).sort()).toEqual(["data", "delay", "name", "opts", "priority", "timestamp"]);
    expect(fields).toMatchObject({
      data: JSON.stringify(EVENTS),
      timestamp: expect.stringMatching(/^\d{13}$/),
    });
  });

  it("delayed: a score whose upper bits are the time, 4,096 to the millisecond", async () => {
    const { events, keyOf } = given();
    const before = Date.now();
    await events.addBulk(
      ["a", "b"].map((jobId) => ({ name: "events", data: EVENTS, opts: { jobId, delay: 60_000 } })),
    );
    for (const id of ["a", "b"]) {
      const dueAt = Math.floor(Number(await redis.zscore(keyOf("delayed"), id)) / 0x1000);
      expect(dueAt).toBeGreaterThanOrEqual(before + 60_000);
      expect(dueAt).toBeLessThanOrEqual(Date.now() + 60_000);
    }
  });

  it("prioritized: what has a priority lies in a sorted set, not in the list", async () => {
    const { events, keyOf } = given();
    await events.add("events", EVENTS, { jobId: "letter", priority: 1 });
    expect(await redis.zrange(keyOf("prioritized"), "0", "-1")).toEqual(["letter"]);
    expect(await redis.llen(keyOf("wait"))).toBe(0);
  });

  it("getRanges: ids from the head of a state on, oldest first", async () => {
    const { events } = given();
    for (const jobId of ["first", "second", "third"]) await events.add("events", EVENTS, { jobId });
    expect(await events.getRanges(["waiting"], 0, 0, true)).toEqual(["first"]);
    expect(await events.getRanges(["waiting"], 1, 2, true)).toEqual(["second", "third"]);
  });

  it("names of its own: no others than those that the quarantine keeps free", async () => {
    const where = given();
    await where.events.add("events", EVENTS, { jobId: "later", delay: 60_000 });
    await where.events.add("events", EVENTS, { jobId: "ranked", priority: 3, delay: 60_000 });
    const { letGo } = await heldJob(where);
    await where.events.add("events", EVENTS);
    const names = (await redis.keys(where.keyOf("*"))).map((key) => key.slice(where.keyOf("").length));
    const jobs = /^(?:later|ranked|held|\d+)(?::lock)?$/;
    // `meta` is a hash by right.
    expect(names.filter((name) => !jobs.test(name) && ![...OWN_NAMES, "meta"].includes(name))).toEqual([]);
    expect(names).toEqual(expect.arrayContaining(["active", "delayed", "events", "id", "marker"]));
    letGo();
  });

  it("script errors: the words by which a key of another type is recognised", async () => {
    const { events } = given();
    await events.add("events", EVENTS, { jobId: "wait" }).catch(() => undefined);
    await expect(events.add("events", EVENTS)).rejects.toThrow(/WRONGTYPE|user_script|Missing key/);
  });
});

describe("jobs that wait", () => {
  const round = {
    event: { id: asEventId("evt_1") },
    endpointId: asEndpointId("ep_1"),
    acceptedAt: 1,
    round: 1,
  };
  const [jobId] = deliveryJobIds(round);

  function waitingJobs({ prefix, queues }: Given): WaitingJobs {
    return createWaitingJobs(queues, redis, createParkedRounds(redis, createKeys(prefix)));
  }

  it("backend.promote: brings a delayed job forward, and says with code -3 that there is none", async () => {
    const where = given();
    const { deliveries } = where.queues;
    await expect(deliveries.backend.promote(jobId)).rejects.toMatchObject({ code: -3 });
    const waiting = waitingJobs(where);
    expect(await waiting.bringForward(round)).toBe(false);
    await where.events.add("events", EVENTS, { jobId: "later", delay: 60_000 });
    await where.events.backend.promote("later");
    expect(await redis.lrange(where.keyOf("wait"), 0, -1)).toEqual(["later"]);
  });

  it("remove: leaves a job in work where it is, without an error", async () => {
    const where = given();
    const { run } = await heldJob(where);
    expect(await where.events.remove("held")).toBe(0);
    expect(await redis.get(`${where.keyOf("held")}:lock`)).toBe(run.token);
  });
});

describe("the worker", () => {
  it("createJob: the processor gets the job's own text, which nobody has parsed", async () => {
    const where = given();
    const text = '{ "a": 12345678901234567890, "b": 1.0 }';
    await where.events.add("events", EVENTS, { jobId: "text" });
    await redis.hset(where.keyOf("text"), "data", text);
    const seen = Promise.withResolvers<string>();
    work(where, async (job) => seen.resolve(job.data));
    expect(await seen.promise).toBe(text);
  });

  it("a processor of three parameters: gets a signal, which cancelAllJobs aborts", async () => {
    const { worker, run, letGo } = await heldJob(given());
    expect(run.signal.aborted).toBe(false);
    worker.cancelAllJobs("shutting down");
    expect(run.signal.aborted).toBe(true);
    letGo();
  });

  it.each([
    ["moveToActive", ["broken"]],
    ["moveToFinished", ["sound", "broken"]],
  ])("backend.execCommand: %s answers with a list of fields, which is put right", async (_, ids) => {
    const where = given();
    for (const jobId of ids) await where.events.add("events", EVENTS, { jobId });
    await redis.hset(where.keyOf("broken"), { opts: "no JSON", atm: "many" });
    const seen: string[] = [];
    work(where, async (job) => void seen.push(job.id ?? ""), 1);
    await until("all were taken", () => seen.length >= ids.length);
    expect(seen).toEqual(ids);
  });

  it("backend.moveToDelayed with skipAttempt and fieldsToUpdate: back with new text, no attempt charged", async () => {
    const where = given();
    let backAt = 0;
    const { worker } = work(where, async (job, run) => {
      backAt = Date.now() + 60_000;
      throw await worker.putBack(job, run.token, 60_000, '{"new": 1}');
    });
    await where.events.add("events", EVENTS, { jobId: "back" });
    const score = await until("it is put back", () => redis.zscore(where.keyOf("delayed"), "back"));
    expect(Math.abs(Math.floor(Number(score) / 0x1000) - backAt)).toBeLessThan(1_000);
    const fields = await redis.hgetall(where.keyOf("back"));
    expect(fields["data"]).toBe('{"new": 1}');
    expect(fields["atm"] ?? "0").toBe("0");
  });

  it("handleFailed: an error of ours delays the job instead of failing it", async () => {
    const where = given();
    const { errors } = work(where, async () => {
      throw new Error("a bug");
    });
    await where.events.add("events", EVENTS, { jobId: "failing" });
    await until("it was heard", () => errors.some(({ message }) => message === "a bug"));
    await until("it waits", async () => (await redis.zscore(where.keyOf("delayed"), "failing")) !== null);
    expect(await redis.exists(where.keyOf("failed"))).toBe(0);
  });

  it("extendJobLocks: answers with the jobs whose lock has another token", async () => {
    const { worker, run, letGo } = await heldJob(given());
    expect(await worker.extendJobLocks(["held"], [run.token], 10_000)).toEqual([]);
    expect(await worker.extendJobLocks(["held"], ["another's"], 10_000)).toEqual(["held"]);
    letGo();
  });

  it("moveToActive and nextJobFromJobData: a paused worker that was waiting takes no further job", async () => {
    const where = given();
    const seen: string[] = [];
    const { worker } = work(where, async (job) => void seen.push(job.id ?? ""));
    await until("it waits for a job", async () =>
      /\bcmd=bzpopmin\b/.test(String(await redis.client("LIST"))),
    );
    await worker.pause(true);
    await where.events.add("events", EVENTS, { jobId: "early" });
    // It has woken up, and what it was waiting for is gone.
    await until("it has woken", async () => !(await isBlocked()));
    expect(await redis.lrange(where.keyOf("wait"), 0, -1)).toEqual(["early"]);
    worker.resume();
    await until("it goes on", () => seen.includes("early"));
  });

  it("maximumBlockTimeout and drainDelay: it blocks for less than the silence after which a connection is dead", async () => {
    const own = Object.getOwnPropertyDescriptor(Worker.prototype, "maximumBlockTimeout");
    expect(own?.get).toBeTypeOf("function");
    const { worker } = work(given(), async () => undefined);
    expect(worker.maximumBlockTimeout).toBeLessThan(5);
    expect(worker.opts.drainDelay).toBeLessThan(5);
  });
});
