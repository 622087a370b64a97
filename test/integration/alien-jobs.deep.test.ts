/**
 * Jobs that no producer of ours would write: corrupt beside their data, of the wrong kind, with ids that BullMQ uses
 * itself (traps 3 and 12). Each is delivered or buried with a reason, and the queue goes on.
 */
import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis, type TestHookwave, type TestRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

const QUEUE = "{hookwave}:events";
interface Scene extends AsyncDisposable {
  readonly redis: TestRedis;
  readonly receiver: Receiver;
  readonly admin: Redis;
  readonly events: Queue;
}

/** A Redis with an endpoint, before anything works on it. */
async function open(): Promise<Scene> {
  const redis = await startRedis();
  const receiver = await startReceiver();
  await using api = await startHookwave(redis, { role: "api" });
  await api.endpoints.add({ url: receiver.url });
  const admin = new Redis(redis.url, { maxRetriesPerRequest: null });
  const events = new Queue("events", { connection: admin, prefix: "{hookwave}" });
  return {
    redis,
    receiver,
    admin,
    events,
    [Symbol.asyncDispose]: async () => {
      await events.close();
      admin.disconnect();
      await receiver[Symbol.asyncDispose]();
      await redis[Symbol.asyncDispose]();
    },
  };
}

const thing = (id: string) => ({ id, type: "thing.made", data: {} });

async function addChanged(
  { events }: Scene,
  id: string,
  change: (key: string) => Promise<unknown>,
): Promise<void> {
  const job = await events.add("any", thing(id));
  await change(`${QUEUE}:${job.id}`);
}

const problemsOf = (worker: TestHookwave): readonly string[] =>
  worker.happenings.flatMap((one) => (one.kind === "job.buried" ? [one.problem] : []));

/** Publishes until it is stored, which a blocked queue refuses for a moment, and waits until all is done. */
async function publishAndFinish({ receiver }: Scene, worker: TestHookwave): Promise<void> {
  await until("it is stored", () =>
    worker.publish(thing("evt_good")).then(
      () => true,
      () => false,
    ),
  );
  await until("it has come", () => receiver.ids().includes("evt_good"), 30_000);
  await until("nothing is left", async () => (await worker.queueCounts()).new.depth === 0, 30_000);
}

describe.concurrent("a job that is corrupt beside its data", () => {
  const CORRUPT: readonly (readonly [string, readonly string[]])[] = [
    ["options that are not JSON", ["opts", "{oops"]],
    ["options that are null", ["opts", "null"]],
    ["options that are a list", ["opts", "[1]"]],
    [
      "a progress, stack and result that are not JSON",
      ["progress", "{", "stacktrace", "{", "returnvalue", "{"],
    ],
    ["a parent that is not JSON", ["parent", "{oops", "parentKey", "bull:x:1"]],
    [
      "counters that are no numbers",
      ["ats", "many", "atm", "x", "stc", "-", "delay", "later", "priority", "?"],
    ],
    ["a failure from elsewhere", ["defa", "boom", "failedReason", "boom"]],
    ["a schedule that there is not", ["rjk", "repeat:x:y:z:w"]],
  ];

  it("is delivered all the same, once, and does not stay in work", async () => {
    await using scene = await open();
    const { redis, receiver, admin } = scene;
    for (const [at, [, fields]] of CORRUPT.entries())
      await addChanged(scene, `evt_${at}`, (key) => admin.hset(key, ...fields));
    await using worker = await startHookwave(redis);

    await publishAndFinish(scene, worker);

    expect(receiver.ids().toSorted()).toEqual(
      [...CORRUPT.keys()].map((at) => `evt_${at}`).concat("evt_good"),
    );
    expect((await worker.queueCounts()).dead.depth).toBe(0);
  }, 60_000);
});

describe.concurrent("a job of which too little is left", () => {
  it("is buried with the reason", async () => {
    await using scene = await open();
    const { redis, receiver, admin } = scene;
    await addChanged(scene, "evt_no_data", (key) => admin.hdel(key, "data"));
    await addChanged(scene, "evt_no_time", (key) => admin.hdel(key, "timestamp"));
    await addChanged(scene, "evt_odd_time", (key) => admin.hset(key, "timestamp", "yesterday"));
    await addChanged(scene, "evt_no_job", (key) => admin.del(key));
    await using worker = await startHookwave(redis);

    await publishAndFinish(scene, worker);

    expect(receiver.ids()).toEqual(["evt_good"]);
    expect((await worker.queueCounts()).dead.depth).toBe(4);
    expect(problemsOf(worker).filter((one) => one === "the job does not say when it was added")).toHaveLength(
      3,
    );
  });

  it("is buried when something else lies where it should be", async () => {
    await using scene = await open();
    const { redis, admin } = scene;
    await addChanged(scene, "evt_text", async (key) => {
      await admin.del(key);
      await admin.set(key, "hello");
    });
    await admin.lpush(`${QUEUE}:weird`, "hello");
    await admin.lpush(`${QUEUE}:wait`, "weird");
    await using worker = await startHookwave(redis);

    await publishAndFinish(scene, worker);

    expect(problemsOf(worker).toSorted()).toEqual([
      "a list lies where the job should be",
      "a string lies where the job should be",
    ]);
  });
});

describe.concurrent("a job whose id BullMQ uses itself", () => {
  it.each([
    "wait",
    "active",
    "marker",
    "events",
    "stalled",
    "id",
    "delayed",
    "prioritized",
    "pc",
    "completed",
  ])(
    "%s: is refused, delivered or buried, and the queue goes on",
    async (jobId) => {
      await using scene = await open();
      const { redis, receiver, admin, events } = scene;
      const isRefused = await events.add("any", thing("evt_alien"), { jobId }).then(
        () => false,
        () => true,
      );
      await using worker = await startHookwave(redis);

      await publishAndFinish(scene, worker);

      const isBuried = problemsOf(worker).includes(
        `its job's id "${jobId}" is a name that the queue itself uses`,
      );
      expect([isRefused, isBuried, receiver.ids().includes("evt_alien")]).toContain(true);
      expect(await admin.type(`${QUEUE}:${jobId}`)).not.toBe("hash");
    },
    60_000,
  );

  it.each(["../..", "\u{1f600}", "x".repeat(5_000), "a b\r\nc"])(
    "%j is an id like any other",
    async (jobId) => {
      await using scene = await open();
      const { redis, receiver, events } = scene;
      await events.add("any", thing("evt_alien"), { jobId });
      await using worker = await startHookwave(redis);
      await publishAndFinish(scene, worker);
      expect(receiver.ids()).toContain("evt_alien");
    },
  );

  it("lets several workers free the queue at once, and loses nothing that is waiting", async () => {
    await using scene = await open();
    const { redis, receiver, admin, events } = scene;
    await using first = await startHookwave(redis);
    await using second = await startHookwave(redis);
    await until("the queue is at rest", async () => (await admin.exists(`${QUEUE}:wait`)) === 0);
    await events.add("any", thing("evt_alien"), { jobId: "wait" }).catch(() => undefined);

    for (let n = 0; n < 50; n += 1)
      await until("it is stored", () =>
        first.publish(thing(`evt_${n}`)).then(
          () => true,
          () => false,
        ),
      );
    await until("all have come", () => new Set(receiver.ids()).size === 50, 30_000);
    expect([...problemsOf(first), ...problemsOf(second)]).not.toEqual([]);
    expect((await first.queueCounts()).dead.depth).toBe(1);
  });
});

describe.concurrent("a job that is too large", () => {
  it("is buried whole with the reason, at 5 MB", async () => {
    await using scene = await open();
    const { redis, events } = scene;
    await events.add("any", { ...thing("evt_huge"), data: { text: "x".repeat(5_000_000) } });
    await using worker = await startHookwave(redis);
    await publishAndFinish(scene, worker);
    expect(problemsOf(worker)).toEqual([
      expect.stringMatching(/^data: expected at most 262144 bytes, got 5\d{6}$/),
    ]);
  });
});
