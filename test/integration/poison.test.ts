/** Jobs that crash their workers: the guilty event is found and buried, the others go on (fault matrix, row 4). */
import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { storedLetters } from "../support/letters.ts";
import { startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis, type TestRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

let redis: TestRedis;
let connection: Redis;
let events: Queue;

beforeEach(async () => {
  redis = await startRedis();
  connection = new Redis(redis.url, { maxRetriesPerRequest: null });
  events = new Queue("events", { connection, prefix: "{hookwave}" });
});

afterEach(async () => {
  await events.close();
  connection.disconnect();
  await redis[Symbol.asyncDispose]();
});

/** A job as BullMQ leaves it after so many crashes of the worker that had it. */
async function addCrashedJob(data: unknown, crashes: number): Promise<void> {
  const job = await events.add("any", data);
  await connection.hset(`{hookwave}:events:${job.id}`, "stc", crashes);
}

const thing = (id: string) => ({ id, type: "thing.made", data: {} });

describe("an events job", () => {
  it("is split after two crashes, so that each event goes on in a job of its own and none is lost", async () => {
    const answers: (() => void)[] = [];
    await using receiver = await startReceiver((response) =>
      answers.push(() => response.writeHead(200).end()),
    );
    await addCrashedJob(["evt_1", "evt_2", "evt_3"].map(thing), 2);
    await using hookwave = await startHookwave(redis, { role: "api" });
    await hookwave.endpoints.add({ url: receiver.url });

    await using worker = await startHookwave(redis);
    await receiver.received(3);
    expect(await events.getActiveCount()).toBe(3);

    for (const answer of answers) answer();
    await until("nothing is left to do", async () => (await worker.queueCounts()).new.depth === 0);
    expect(receiver.ids().toSorted()).toEqual(["evt_1", "evt_2", "evt_3"]);
  });

  it("is buried as poison at its ninth start, and can be replayed as its producer wrote it", async () => {
    await using receiver = await startReceiver();
    await addCrashedJob(thing("evt_bad"), 8);
    await using hookwave = await startHookwave(redis);
    await hookwave.endpoints.add({ url: receiver.url });

    const [stored] = await until("it is buried", async () => {
      const letters = await storedLetters(hookwave);
      return letters.length > 0 && letters;
    });
    expect(stored?.letter).toMatchObject({ kind: "job", because: "poison" });
    expect(receiver.requests).toHaveLength(0);

    await hookwave.deadLetters.replay(stored?.id ?? "");
    await receiver.received(1);
    expect(receiver.ids()).toEqual(["evt_bad"]);
  });

  it("counts the crashes of the job it was split from", async () => {
    await addCrashedJob({ v: 1, events: [thing("evt_bad")], holder: "7", crashes: 3 }, 5);
    await using hookwave = await startHookwave(redis);

    await until("it is buried", async () => (await storedLetters(hookwave))[0]?.letter.because === "poison");
  });

  it("is not poison after seven crashes: a rolling restart is not its fault", async () => {
    await using receiver = await startReceiver();
    await using hookwave = await startHookwave(redis, { role: "api" });
    await hookwave.endpoints.add({ url: receiver.url });
    await addCrashedJob(thing("evt_unlucky"), 7);

    await using _worker = await startHookwave(redis);
    await receiver.received(1);
  });
});

describe("a delivery job", () => {
  it("that cannot be read is buried as invalid and does not stop the queue", async () => {
    await using receiver = await startReceiver(500, 200);
    await using hookwave = await startHookwave(redis);
    await hookwave.endpoints.add({ url: receiver.url, retrySchedule: [200] });
    const deliveries = new Queue("deliveries", { connection, prefix: "{hookwave}" });
    await deliveries.add("alien", { made: "elsewhere" });

    await hookwave.publish(thing("evt_1"));

    await receiver.received(2);
    const [stored] = await storedLetters(hookwave);
    expect(stored?.letter).toMatchObject({ kind: "job", because: "invalid" });
    await deliveries.close();
  });
});
