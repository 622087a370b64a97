/** Levels of durability on real servers: replicas that are there, cut off or gone; a disk that is asked. */

import { once } from "node:events";
import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { HookwaveError } from "../../src/core/errors.ts";
import { createPublisher } from "../../src/index.ts";
import { createConfirmation } from "../../src/store/confirmation.ts";
import { connectRedis, untilReady } from "../../src/store/redis.ts";
import { publish, startApi } from "../support/api.ts";
import { runCommand } from "../support/command.ts";
import { isDrained } from "../support/drained.ts";
import { startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis, type TestRedis } from "../support/service.ts";
import { startLink } from "../support/silent-link.ts";
import { leastOf, until } from "../support/until.ts";

const event = (id: string) => ({ id, type: "thing.made", data: {} });
const REPLICATED = { durability: "replicated" } as const;
const FSYNC = { durability: "fsync" } as const;

/** One that does not wait for a second replica before it serves the first, and is heard within each second. */
const startMaster = (): Promise<TestRedis> =>
  startRedis("--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1");

/**
 * Resolves once it has confirmed a write: a master that calls it online may send it nothing for a second yet, until
 * it is heard from again. `through` is how the replica sees its master.
 */
async function startReplica(master: TestRedis, through = master.url): Promise<TestRedis> {
  const port = new URL(through).port;
  // A replica learns that its master is silent only by this timeout.
  const replica = await startRedis("--replicaof", `127.0.0.1 ${port}`, "--repl-timeout", "3");
  await asking(master, (admin) =>
    until("it has confirmed a write", async () => {
      await admin.incr("writes-before-the-test");
      return (await admin.wait(1, 100)) === 1;
    }),
  );
  return replica;
}

async function asking<Result>(
  redis: { readonly url: string },
  ask: (admin: Redis) => Promise<Result>,
): Promise<Result> {
  const admin = new Redis(redis.url);
  try {
    return await ask(admin);
  } finally {
    admin.disconnect();
  }
}

const jobsIn = (redis: TestRedis): Promise<number> =>
  asking(redis, (admin) => admin.llen("{hookwave}:events:wait"));

/** The code it was refused with, and after how many ms. */
async function refusalOf(
  published: Promise<unknown>,
): Promise<{ readonly code: unknown; readonly tookMs: number }> {
  const startedAt = performance.now();
  const error: unknown = await published.then(
    () => null,
    (reason: unknown) => reason,
  );
  return {
    code: error instanceof Error && "code" in error ? error.code : error,
    tookMs: performance.now() - startedAt,
  };
}

describe("durability replicated", () => {
  it("is refused within 300 ms while the replica is cut off, however many publish; and works again", async () => {
    await using redis = await startMaster();
    await using link = await startLink(redis.url);
    await using _replica = await startReplica(redis, link.url);
    await using receiver = await startReceiver();
    const producer = createPublisher({ redisUrl: redis.url, ...REPLICATED });
    await until("the replica has an event", () => producer.publish(event("evt_before")));

    link.silence();
    const slowest: number[] = [];
    for (const _round of [1, 2, 3, 4]) {
      const refusals = await Promise.all(
        Array.from({ length: 100 }, (_, n) => refusalOf(producer.publish(event(`evt_${n}`)))),
      );
      expect(new Set(refusals.map(({ code }) => code))).toEqual(new Set(["DURABILITY_UNMET"]));
      slowest.push(Math.max(...refusals.map(({ tookMs }) => tookMs)));
    }
    // Of four, so that a busy machine's pause is not taken for ours.
    expect(Math.min(...slowest)).toBeLessThan(300);
    await producer.publish(event("evt_less"), { durability: "redis" });

    link.restore();
    await until("the replica is back", () => isDone(producer.publish(event("evt_0"))), 30_000);
    await using hookwave = await startHookwave(redis);
    await hookwave.endpoints.add({ url: receiver.url });
    await until("all are delivered", () => isDrained(hookwave));
    expect(receiver.ids().filter((id) => id === "evt_0")).toHaveLength(1);
    expect(receiver.ids()).toEqual(expect.arrayContaining(["evt_before", "evt_less"]));
    await producer.close();
  });

  it("is worth what it says: each acknowledged event is on the replica when the master dies", async () => {
    const master = await startMaster();
    await using replica = await startReplica(master);
    const producer = createPublisher({ redisUrl: master.url, ...REPLICATED });
    const acknowledged = new Set<string>();
    let isKilled = false;
    // Whoever is refused (a replica's disk may keep it busy for a while) publishes the next one.
    const publishOn = async (worker: number): Promise<void> => {
      for (let n = 0; !isKilled; n += 1) {
        const id = `evt_${worker}_${n}`;
        if (await isDone(producer.publish(event(id)))) acknowledged.add(id);
      }
    };
    const publishing = Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(publishOn));
    await until("some are acknowledged", () => acknowledged.size > 200);
    process.kill(master.pid, "SIGKILL");
    isKilled = true;
    await publishing;

    await asking(replica, (admin) => admin.replicaof("NO", "ONE"));
    await using receiver = await startReceiver();
    await using hookwave = await startHookwave(replica);
    await hookwave.endpoints.add({ url: receiver.url });
    await until("all are delivered", () => isDrained(hookwave));
    const received = new Set(receiver.ids());
    expect([...acknowledged].filter((id) => !received.has(id))).toEqual([]);
    await producer.close();
    await master[Symbol.asyncDispose]();
  });

  it("is refused when fewer replicas have it than REPLICAS_MIN asks for", async () => {
    await using redis = await startMaster();
    await using _replica = await startReplica(redis);
    const two = createPublisher({ redisUrl: redis.url, replicasMin: 2 });
    // A machine that is busy may take longer than the publisher waits: that refusal names no replicas.
    const refusal = await until("a refusal counts them", async () => {
      const refused = await two.publish(event("evt_1"), REPLICATED).catch((error: unknown) => error);
      expect(refused).toMatchObject({ code: "DURABILITY_UNMET" });
      return refused instanceof HookwaveError && refused.expected.startsWith("2 replicas") && refused;
    });
    expect(refusal.expected).toBe("2 replicas to have it within 100 ms");
    // A replica that is busy loading may not be one yet.
    expect(refusal.got).toMatch(/^[01]$/);
    await two.close();
    expect(() => createPublisher({ redisUrl: redis.url, replicasMin: 0 })).toThrow("a whole number from 1");
  });

  it("is not confirmed by a connection that did not do the write", async () => {
    await using redis = await startMaster();
    await using _replica = await startReplica(redis);
    const connection = connectRedis(redis.url, "confirmer", () => undefined);
    await untilReady(connection, 5_000);
    const confirm = createConfirmation(connection, "replicated", 1);
    await until("the replica keeps up", () =>
      isDone(confirm(async () => void (await connection.set("written", "1")))),
    );

    const lost = confirm(async () => {
      await connection.set("written", "2");
      const closed = once(connection, "close");
      connection.disconnect(true);
      await closed;
      await until("it is connected again", () => connection.status === "ready");
    });

    await expect(lost).rejects.toMatchObject({ code: "DURABILITY_UNMET", got: "one that was lost" });
    connection.disconnect();
  });
});

describe("durability fsync", () => {
  it("is on disk when it is acknowledged; a Redis that cannot say so refuses, and stores nothing", async () => {
    await using redis = await startRedis("--appendfsync", "always");
    const producer = createPublisher({ redisUrl: redis.url, ...FSYNC });
    if (await knowsWaitAof(redis)) {
      await producer.publish(event("evt_1"));
      expect(await jobsIn(redis)).toBe(1);
    } else {
      await expect(producer.publish(event("evt_1"))).rejects.toMatchObject({
        code: "DURABILITY_UNMET",
        expected: 'Redis 7.2 or later, or Valkey for durability "fsync"',
      });
      expect(await jobsIn(redis)).toBe(0);
    }
    await producer.close();
  });

  it("is refused where nothing is written to disk", async () => {
    await using redis = await startRedis("--appendonly", "no");
    const producer = createPublisher({ redisUrl: redis.url, ...FSYNC });
    const expected = (await knowsWaitAof(redis))
      ? "appendonly yes in Redis"
      : "Redis 7.2 or later, or Valkey";
    await expect(producer.publish(event("evt_1"))).rejects.toMatchObject({
      code: "DURABILITY_UNMET",
      expected: `${expected} for durability "fsync"`,
    });
    expect(await jobsIn(redis)).toBe(0);
    await producer.close();
  });

  it("takes no server's word that it is on disk while it is not", async () => {
    await using redis = await startRedis("--appendfsync", "everysec");
    const producer = createPublisher({ redisUrl: redis.url, ...FSYNC });
    const publishAll = async (): Promise<void> => {
      for (const id of ["evt_1", "evt_2", "evt_3"]) await producer.publish(event(id));
    };
    const { code, tookMs } = await refusalOf(publishAll());
    // Three writes to disk are two seconds apart where they happen once a second.
    if (code === null) expect(tookMs).toBeGreaterThan(1_500);
    else expect([code, await jobsIn(redis)]).toEqual(["DURABILITY_UNMET", 0]);
    await producer.close();
  });

  it("is refused within 2.5 s when the disk does not answer in time", async () => {
    await using redis = await startRedis("--appendfsync", "no");
    const producer = createPublisher({ redisUrl: redis.url, ...FSYNC });
    const refusedAfter = async (): Promise<number> => {
      const { code, tookMs } = await refusalOf(producer.publish(event("evt_1")));
      expect(code).toBe("DURABILITY_UNMET");
      return tookMs;
    };
    expect(await leastOf(2_500, refusedAfter)).toBeLessThan(2_500);
    await producer.close();
  });
});

describe("durability over HTTP and on the command line", () => {
  it("is asked for with ?durability=, and a refusal is a 503 that says to publish again", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis, { role: "api" });
    await using api = await startApi(hookwave);
    const body = '{"type":"thing.made","id":"evt_1","data":{}}';
    const post = (query: string) => publish(api, body, {}, query);

    const refused = await post("?durability=replicated");
    expect(refused).toMatchObject({ status: 503, body: { code: "DURABILITY_UNMET" } });
    expect(refused.headers.get("retry-after")).toBe("1");
    expect(JSON.stringify(refused.body)).toContain("stays harmless");
    expect(await post("?durability=redis")).toMatchObject({ status: 202, body: { id: "evt_1" } });
    for (const query of ["?durability=safe", "?durabilty=fsync", "?durability=redis&durability=fsync"])
      expect(await post(query)).toMatchObject({ status: 400, body: { code: "REQUEST_INVALID" } });
  });

  it("is PUBLISH_DURABILITY where the request does not say", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis, { role: "api", publishDurability: "replicated" });
    await using api = await startApi(hookwave);
    expect(await publish(api, '{"type":"thing.made","data":{}}')).toMatchObject({
      status: 503,
      body: { code: "DURABILITY_UNMET" },
    });
  });

  it("is asked for with --durability, which knows its levels", async () => {
    await using redis = await startRedis();
    const there = ["publish", "thing.made", "{}", "--json", "--redis", redis.url];
    const unmet = await runCommand([...there, "--durability", "replicated"], {});
    expect(unmet.code).toBe(1);
    expect(JSON.parse(unmet.stderr)).toMatchObject({ error: { code: "DURABILITY_UNMET" } });
    const byDefault = await runCommand(there, { PUBLISH_DURABILITY: "replicated" });
    expect(JSON.parse(byDefault.stderr)).toMatchObject({ error: { code: "DURABILITY_UNMET" } });
    expect((await runCommand([...there, "--durability", "redis"], {})).code).toBe(0);
    expect((await runCommand([...there, "--durability", "safe"], {})).code).toBe(64);
  });
});

const isDone = (work: Promise<unknown>): Promise<boolean> =>
  work.then(
    () => true,
    () => false,
  );

const knowsWaitAof = (redis: TestRedis): Promise<boolean> =>
  asking(redis, async (admin) => {
    const [known] = z.array(z.unknown()).parse(await admin.call("COMMAND", "INFO", "WAITAOF"));
    return known !== null;
  });
