/** A service before its start, and one that was refused it: who asks is told why, in time, and by a code. */
import { randomBytes } from "node:crypto";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NEEDS } from "../../src/app/guarded.ts";
import { createHookwave, type Hookwave } from "../../src/index.ts";
import { LOOPBACK, startRedis, type TestRedis } from "../support/service.ts";
import { leastOf } from "../support/until.ts";

const url = "http://127.0.0.1:3000/";
const create = (redisUrl: string): Promise<Hookwave> =>
  createHookwave({ redisUrl, encryptionKey: randomBytes(32), logger: false, ...LOOPBACK });

/** Those that change something: "endpoints.add", or "receiveCallback" of a member that is a function itself. */
const WRITERS = Object.entries(NEEDS).flatMap(([part, needs]) =>
  typeof needs === "string"
    ? [part].filter(() => needs === "writes")
    : Object.entries(needs).flatMap(([name, need]) => (need === "writes" ? [`${part}.${name}`] : [])),
);

function call(hookwave: Hookwave, name: string): Promise<unknown> {
  const found = name.split(".").reduce<unknown>((of, member) => Reflect.get(Object(of), member), hookwave);
  if (typeof found !== "function") throw new Error(`${name} is no function`);
  return Promise.resolve(found({}, {}));
}

describe("before its start", () => {
  it("an endpoint is added as soon as there is a connection", async () => {
    await using redis = await startRedis();
    const hookwave = await create(redis.url);
    expect((await hookwave.endpoints.add({ url })).url).toBe(url);
    expect(await (await create(redis.url)).close()).toBeUndefined();
    await hookwave.close();
  });

  it.each(["endpoints.add", "endpoints.list", "keys.create", "deadLetters.purge"])(
    "%s says REDIS_UNAVAILABLE within a second where there is none",
    async (name) => {
      const refusedAfter = async (): Promise<number> => {
        const hookwave = await create("redis://127.0.0.1:1");
        const startedAt = performance.now();
        await expect(call(hookwave, name)).rejects.toMatchObject({ code: "REDIS_UNAVAILABLE" });
        const tookMs = performance.now() - startedAt;
        await hookwave.close();
        return tookMs;
      };
      expect(await leastOf(1_100, refusedAfter)).toBeLessThan(1_100);
    },
  );
});

describe("after a refused start", () => {
  let redis: TestRedis;
  let hookwave: Hookwave;
  let refusal: unknown;
  beforeAll(async () => {
    redis = await startRedis("--maxmemory-policy", "allkeys-lru");
    hookwave = await create(redis.url);
    refusal = await hookwave.start().catch((error: unknown) => error);
  });
  afterAll(async () => {
    await hookwave.close();
    await redis[Symbol.asyncDispose]();
  });

  it.each(["publish", "publishMany", ...WRITERS])("%s is refused with the start's error", async (name) => {
    expect(refusal).toMatchObject({ code: "REDIS_UNSAFE" });
    await expect(call(hookwave, name)).rejects.toBe(refusal);
  });

  it("it can be looked at, and started again once that is put right", async () => {
    expect(await hookwave.endpoints.list()).toEqual([]);
    const admin = new Redis(redis.url);
    await admin.config("SET", "maxmemory-policy", "noeviction");
    await hookwave.start();
    expect((await hookwave.endpoints.add({ url })).url).toBe(url);
    await admin.quit();
  });
});
