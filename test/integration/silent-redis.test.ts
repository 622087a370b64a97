/** A Redis that vanishes without a word: connections stay open and nobody answers (fault matrix, row 9). */
import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { createPublisher } from "../../src/index.ts";
import { startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis } from "../support/service.ts";
import { startLink } from "../support/silent-link.ts";
import { leastOf, until } from "../support/until.ts";

const event = { type: "thing.made", data: {} } as const;

const CHANNEL = "{hookwave}:changes";

const isStored = (publish: () => Promise<unknown>): Promise<boolean> =>
  publish().then(
    () => true,
    () => false,
  );

describe.concurrent("a worker whose Redis vanishes silently", () => {
  it("finds it again, loses nothing and sends nothing more than twice", async () => {
    await using redis = await startRedis();
    await using link = await startLink(redis.url);
    const answers: (() => void)[] = [];
    await using receiver = await startReceiver((response) => {
      answers.push(() => response.writeHead(200).end());
    });
    const producer = createPublisher({ redisUrl: redis.url });
    await using worker = await startHookwave({ ...redis, url: link.url });
    await worker.endpoints.add({ url: receiver.url });
    await producer.publish({ ...event, id: "evt_under_way" });
    await receiver.received(1);

    link.silence();
    for (const answer of answers.splice(0)) answer();
    await producer.publish({ ...event, id: "evt_meanwhile" });
    await until(
      "the attempt's record and the wait for jobs are lost on the way",
      () => link.swallowing() >= 4,
    );
    link.restore();

    await until("the next one comes", () => {
      for (const answer of answers.splice(0)) answer();
      return receiver.ids().includes("evt_meanwhile");
    });
    await until(
      "nothing is left to do",
      async () => {
        for (const answer of answers.splice(0)) answer();
        const { new: fresh, retrying } = await worker.queueCounts();
        return fresh.depth + retrying.depth === 0;
      },
      30_000,
    );
    expect(receiver.ids().filter((id) => id === "evt_under_way").length).toBeLessThanOrEqual(2);
    expect((await worker.queueCounts()).dead.depth).toBe(0);
    await producer.close();
  });

  it("hears of changes again: its watching connection is found dead, too", async () => {
    await using redis = await startRedis();
    await using link = await startLink(redis.url);
    await using _worker = await startHookwave({ ...redis, url: link.url });
    const admin = new Redis(redis.url);
    const listeners = async (): Promise<number> => Number((await admin.pubsub("NUMSUB", CHANNEL))[1]);
    await until("it listens", async () => (await listeners()) === 1);

    link.silence();
    await until("it does not any more", async () => (await listeners()) === 0);
    link.restore();

    await until("it listens again", async () => (await listeners()) === 1);
    admin.disconnect();
  });
});

describe.concurrent("a worker that has nothing to do", () => {
  it("keeps its connections while deliveries wait for a later time", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver(503);
    await using worker = await startHookwave(redis);
    const admin = new Redis(redis.url);
    await worker.endpoints.add({ url: receiver.url, retrySchedule: [600_000] });
    await worker.publish(event);
    await until(
      "it waits for its second attempt",
      async () => (await worker.queueCounts()).retrying.depth === 1,
    );

    const waits = async (): Promise<number> =>
      Number(/cmdstat_bzpopmin:calls=(\d+)/.exec(await admin.info("commandstats"))?.[1] ?? 0);
    const before = await waits();
    await until("both workers have waited for jobs for some time", async () => (await waits()) >= before + 5);

    expect(worker.happenings.filter(({ kind }) => kind === "service.failed")).toEqual([]);
    admin.disconnect();
  });
});

describe.concurrent("a producer whose Redis vanishes silently", () => {
  it("is refused within 1.1 s each time, and finds it again", async () => {
    await using redis = await startRedis();
    await using link = await startLink(redis.url);
    const producer = createPublisher({ redisUrl: link.url });
    await producer.publish(event);

    link.silence();
    const refusedAfter = async (): Promise<number> => {
      const startedAt = performance.now();
      await expect(producer.publish(event)).rejects.toMatchObject({ code: "REDIS_UNAVAILABLE" });
      return performance.now() - startedAt;
    };
    expect(await leastOf(1_100, refusedAfter)).toBeLessThan(1_100);
    link.restore();

    await until("it stores again", () => isStored(() => producer.publish(event)), 5_000);
    await producer.close();
  });
});
