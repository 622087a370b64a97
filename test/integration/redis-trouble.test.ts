/** What producers and operators see when Redis is away, frozen, or not fit to keep accepted events. */
import { setTimeout as pause } from "node:timers/promises";
import { Redis } from "ioredis";
import { afterEach, describe, expect, it } from "vitest";
import { createHookwave, createPublisher } from "../../src/index.ts";
import { startEmbeddedRedis } from "../../src/process/embedded-redis.ts";
import { connectRedis } from "../../src/store/redis.ts";
import { startTcpProxy } from "../chaos/harness/tcp-proxy.ts";
import { isDrained } from "../support/drained.ts";
import { startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis } from "../support/service.ts";
import { leastOf, until } from "../support/until.ts";

const event = { id: "evt_1", type: "thing.made", data: {} } as const;

/** How long a publish took to be refused, in ms. */
async function refusedAfter(publish: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await expect(publish()).rejects.toMatchObject({ code: "REDIS_UNAVAILABLE" });
  return performance.now() - startedAt;
}

describe("publishing while Redis is away (trap 8)", () => {
  it("is refused within a second from the first call on, and at once when that is known", async () => {
    await using publishers = new AsyncDisposableStack();
    const open = () => {
      const publisher = createPublisher({ redisUrl: "redis://127.0.0.1:1" });
      publishers.defer(publisher.close);
      return publisher;
    };
    expect(await leastOf(1_100, () => refusedAfter(() => open().publish(event)))).toBeLessThan(1_100);
    const known = open();
    await refusedAfter(() => known.publish(event));
    expect(await leastOf(50, () => refusedAfter(() => known.publish(event)))).toBeLessThan(50);
  });

  it("is refused within 1.1 s when Redis is frozen, and sent once when published again with the same id", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver();
    await using hookwave = await startHookwave(redis);
    await hookwave.endpoints.add({ url: receiver.url });
    const publisher = createPublisher({ redisUrl: redis.url });
    await publisher.publish({ ...event, id: "evt_0" });
    await receiver.received(1);

    const refusedWhileFrozen = async (): Promise<number> => {
      process.kill(redis.pid, "SIGSTOP");
      const tookMs = await refusedAfter(() => publisher.publish(event));
      process.kill(redis.pid, "SIGCONT");
      await until("Redis answers again", () =>
        publisher.publish(event).then(
          () => true,
          () => false,
        ),
      );
      return tookMs;
    };
    expect(await leastOf(1_100, refusedWhileFrozen)).toBeLessThan(1_100);
    await publisher.publish({ ...event, id: "evt_2" });
    await publisher.close();
    await until("the last one has come", () => receiver.ids().includes("evt_2"));
    expect(receiver.ids().filter((id) => id === "evt_1")).toHaveLength(1);
  });

  it("leaves no trace of how many waited for the first connection", async () => {
    await using redis = await startRedis();
    const warnings: string[] = [];
    const hear = ({ message }: Error): void => void warnings.push(message);
    process.on("warning", hear);
    const publisher = createPublisher({ redisUrl: redis.url, durability: "replicated" });

    await Promise.allSettled(Array.from({ length: 100 }, () => publisher.publish({ ...event })));

    await publisher.close();
    process.off("warning", hear);
    expect(warnings).toEqual([]);
  });

  it("works again soon after Redis is back, and deliveries go on by themselves", async () => {
    const redis = await startRedis();
    await using receiver = await startReceiver();
    await using hookwave = await startHookwave(redis);
    await hookwave.endpoints.add({ url: receiver.url });
    const port = Number(new URL(redis.url).port);
    await redis.stop();
    await until("the outage is noticed", () =>
      hookwave.publish(event).then(
        () => false,
        () => true,
      ),
    );

    const again = await startEmbeddedRedis({
      dataDir: redis.dataDir,
      searchPath: process.env["PATH"] ?? "",
      port,
    });
    await until(
      "publishing works again",
      () =>
        hookwave.publish(event).then(
          () => true,
          () => false,
        ),
      5_000,
    );

    await receiver.received(1, 5_000);
    await hookwave.close();
    await again.stop();
    await redis[Symbol.asyncDispose]();
  });
});

describe("an address that leads to another server (trap 40)", () => {
  it("is looked up again by a connection that asks nothing, and was made just before to what was a replica already", async () => {
    await using master = await startRedis();
    await using replica = await startRedis("--replicaof", `127.0.0.1 ${new URL(master.url).port}`);
    await using front = await startTcpProxy(Number(new URL(replica.url).port));
    const redis = connectRedis(`redis://127.0.0.1:${front.port}`, "worker", () => undefined);
    await until("it is connected", () => redis.status === "ready");

    front.leadTo(Number(new URL(master.url).port));

    await until("it is at the master", async () => (await redis.role())[0] === "master");
    expect(front.leftBehind()).toBe(0);
    redis.disconnect();
  });
});

describe("a Redis that refuses writes for a while (trap 5)", () => {
  it("costs no second POST for what had been answered, and no attempt", async () => {
    await using redis = await startRedis();
    const admin = new Redis(redis.url);
    let isRefusing = false;
    // From the first answer on nothing can be written, neither the record nor the end of its job.
    await using receiver = await startReceiver((response) => {
      if (isRefusing) return response.writeHead(200).end();
      isRefusing = true;
      return void admin.config("SET", "min-replicas-to-write", "1").then(() => response.writeHead(200).end());
    });
    await using hookwave = await startHookwave(redis);
    await hookwave.endpoints.add({ url: receiver.url, retrySchedule: [] });
    await hookwave.publishMany(Array.from({ length: 20 }, (_, n) => ({ ...event, id: `evt_${n}` })));
    await receiver.received(20);
    await until("the refusal is noticed", () =>
      hookwave.happenings.some((one) => one.kind === "service.failed" && one.doing === "record_attempts"),
    );

    await admin.config("SET", "min-replicas-to-write", "0");

    await until("nothing is left to do", () => isDrained(hookwave), 30_000);
    expect(receiver.ids()).toHaveLength(20);
    expect((await hookwave.queueCounts()).dead.depth).toBe(0);
    admin.disconnect();
  }, 60_000);
});

describe("a Redis that is out of memory", () => {
  it("refuses what is new, and lets what is under way be recorded and done, which makes room again", async () => {
    await using redis = await startRedis();
    const answers: (() => void)[] = [];
    await using receiver = await startReceiver((response) => {
      answers.push(() => response.writeHead(200).end());
    });
    await using hookwave = await startHookwave(redis);
    await hookwave.endpoints.add({ url: receiver.url });
    await hookwave.publishMany(Array.from({ length: 10 }, (_, n) => ({ ...event, id: `evt_${n}` })));
    await receiver.received(10);
    const admin = new Redis(redis.url);
    await admin.config("SET", "maxmemory", "1");

    await refusedAfter(() => hookwave.publish({ ...event, id: "evt_new" }));
    for (const answer of answers) answer();

    await until("nothing is left to do", () => isDrained(hookwave));
    expect(receiver.ids()).toHaveLength(10);
    admin.disconnect();
  });
});

describe("a Redis that hands out no jobs", () => {
  it("is asked twice a second, not thousands of times", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver();
    await using worker = await startHookwave(redis);
    await worker.endpoints.add({ url: receiver.url });
    const admin = new Redis(redis.url);
    await worker.publishMany(Array.from({ length: 500 }, (_, n) => ({ ...event, id: `evt_${n}` })));
    await admin.config("SET", "min-replicas-to-write", "1");
    const refusals = (): number =>
      worker.happenings.filter((one) => one.kind === "service.failed" && one.doing === "worker").length;
    const startedAt = performance.now();
    await until("it was refused a few times", () => refusals() >= 4);

    expect(refusals() / ((performance.now() - startedAt) / 1_000)).toBeLessThan(100);

    await admin.config("SET", "min-replicas-to-write", "0");
    await until("all have come", () => new Set(receiver.ids()).size === 500, 30_000);
    admin.disconnect();
  });
});

describe("a worker told to stop while Redis is away", () => {
  it("stops within its grace and a moment", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver(() => undefined);
    await using hookwave = await startHookwave(redis, { shutdownGraceMs: 500 });
    await hookwave.endpoints.add({ url: receiver.url });
    await hookwave.publish(event);
    await receiver.received(1);
    await redis.stop();

    const toldAt = performance.now();
    await hookwave.close();

    expect(performance.now() - toldAt).toBeLessThan(3_000);
  });

  it.each([0, 1, 5, 20, 100])(
    "stops also when Redis goes %d ms after it was told to",
    async (afterMs) => {
      await using redis = await startRedis();
      const worker = await startHookwave(redis, { enableRedisFallback: true, shutdownGraceMs: 200 });
      await worker.publish({ type: "model.registered", data: { model_id: "m_1" } });
      const stopped = worker.close();
      await pause(afterMs);
      await redis.stop();
      // Its last writes have five seconds; without a bound it would wait for as long as Redis is away.
      await stopped;
    },
    20_000,
  );
});

describe("a Redis that would lose events", () => {
  const open: { readonly close: () => Promise<void> }[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((one) => one.close()));
  });

  async function start(redis: { readonly url: string; readonly dataDir: string }, options: object = {}) {
    const notices: string[] = [];
    const hookwave = await createHookwave({
      redisUrl: redis.url,
      dataDir: redis.dataDir,
      listeners: [(happening) => happening.kind === "service.noticed" && notices.push(happening.notice)],
      ...options,
    });
    open.push(hookwave);
    await hookwave.start();
    return notices;
  }

  it("is refused at start when it may evict", async () => {
    await using redis = await startRedis("--maxmemory-policy", "allkeys-lru");
    await expect(start(redis)).rejects.toMatchObject({ code: "REDIS_UNSAFE", got: "allkeys-lru" });
    await open.splice(0)[0]?.close();
  });

  it("is warned of when it has no append-only file, and refused with REQUIRE_AOF", async () => {
    await using redis = await startRedis("--appendonly", "no");
    expect(await start(redis)).toContainEqual(expect.stringContaining("append-only"));
    await expect(start(redis, { requireAof: true })).rejects.toMatchObject({ code: "REDIS_UNSAFE" });
    await Promise.all(open.splice(0).map((one) => one.close()));
  });
});
