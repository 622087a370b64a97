/** The inbox in a real Redis, shared by several instances of a receiver, one of which is killed in the middle. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createInbox, type Inbox } from "../../src/receiver/inbox.ts";
import { createRedisStore } from "../../src/receiver/redis-store.ts";
import type { WebhookEvent } from "../../src/receiver/webhook-event.ts";
import { inboxStoreChecks } from "../../src/testing/inbox-store-checks.ts";
import { startRedis, type TestRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

const event = (id: string): WebhookEvent => ({
  kind: "custom",
  id,
  type: "thing.done",
  timestamp: "",
  data: {},
});

function connect({ url }: TestRedis): Redis & AsyncDisposable {
  const redis = new Redis(url);
  return Object.assign(redis, { [Symbol.asyncDispose]: async () => redis.disconnect() });
}

const storeOn = (redis: Redis) => createRedisStore((name, ...args) => redis.call(name, ...args));

describe("the store in Redis", () => {
  let server: TestRedis;
  let redis: Redis;
  beforeAll(async () => {
    server = await startRedis();
    redis = new Redis(server.url);
  });
  afterAll(async () => {
    redis.disconnect();
    await server[Symbol.asyncDispose]();
  });

  for (const { title, run } of inboxStoreChecks(() => storeOn(redis))) it(title, run);

  it("leaves nothing behind that does not expire, and nothing beside its prefix", async () => {
    await redis.flushall();
    const store = createRedisStore((name, ...args) => redis.call(name, ...args), { prefix: "shop:" });
    await store.claim("evt_1", "holder", 5_000);
    await store.claim("evt_2", "holder", 5_000);
    await store.complete("evt_2", 9_000);
    expect((await redis.keys("*")).toSorted()).toEqual(["shop:evt_1", "shop:evt_2"]);
    for (const key of ["shop:evt_1", "shop:evt_2"]) expect(await redis.pttl(key)).toBeGreaterThan(0);
  });
});

describe("an inbox in Redis", () => {
  it("runs the handler once for 100 copies at four instances", async () => {
    await using server = await startRedis();
    await using one = connect(server);
    await using two = connect(server);
    await using three = connect(server);
    await using four = connect(server);
    let runs = 0;
    const inboxes = [one, two, three, four].map((redis): Inbox => {
      const handler = () => {
        runs += 1;
      };
      return createInbox({ store: storeOn(redis), handler });
    });

    const copies = Array.from({ length: 25 }, () => inboxes.map((inbox) => inbox.process(event("evt_1"))));
    const results = await Promise.all(copies.flat());

    expect(runs).toBe(1);
    expect(results.filter(({ kind }) => kind === "handled")).toHaveLength(1);
  });

  it("runs the handler again, exactly once, when its process was killed in the middle", async () => {
    await using server = await startRedis();
    await using redis = connect(server);
    const leaseMs = 1_500;
    const script = new URL("../support/inbox-process.ts", import.meta.url);
    const child = fork(script, [server.url, "evt_1", String(leaseMs)], { stdio: ["ignore", 2, 2, "ipc"] });
    const [said] = await once(child, "message");
    expect(said).toBe("handling");
    child.kill("SIGKILL");
    await once(child, "exit");
    let runs = 0;
    const handler = () => {
      runs += 1;
    };
    const inboxes = [1, 2, 3].map(() => createInbox({ store: storeOn(redis), handler, leaseMs }));

    const early = await Promise.all(inboxes.map((inbox) => inbox.process(event("evt_1"))));
    expect(early.map(({ kind }) => kind)).toEqual(["busy", "busy", "busy"]);
    // The sender keeps sending copies, to all instances at once, until one says that it is handled.
    const answers = await until("an instance has handled it", async () => {
      const results = await Promise.all(inboxes.map((inbox) => inbox.process(event("evt_1"))));
      return results.some(({ kind }) => kind === "handled") ? results : null;
    });

    expect(answers.filter(({ kind }) => kind === "handled")).toHaveLength(1);
    await expect(inboxes[0]?.process(event("evt_1"))).resolves.toEqual({ kind: "duplicate" });
    expect(runs).toBe(1);
  });
});
