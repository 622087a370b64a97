/** Programs of two versions on one Redis: who may start on what the other has written. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { readEnvironment } from "../../src/config/environment.ts";
import { createPublisher } from "../../src/index.ts";
import { openOwnApi } from "../../src/process/own-api.ts";
import { createKeys } from "../../src/store/keys.ts";
import { createLayout, LAYOUT } from "../../src/store/layout.ts";
import { connectRedis, type Redis } from "../../src/store/redis.ts";
import { VERSION } from "../../src/wire/version.ts";
import { freshDirectory, spawnCommand } from "../support/command.ts";
import { startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis, type TestRedis } from "../support/service.ts";

const keys = createKeys("{hookwave}");

let server: TestRedis;
let redis: Redis;
beforeAll(async () => {
  server = await startRedis();
  redis = connectRedis(server.url, "watcher", () => undefined);
});
beforeEach(() => redis.flushall());
afterAll(async () => {
  redis.disconnect();
  await server[Symbol.asyncDispose]();
});

const stored = (): Promise<Record<string, string>> => redis.hgetall(keys.layout);

describe("a service that is older than its data", () => {
  it.each([
    ["the next one", String(LAYOUT + 1), "9.8.7"],
    ["a far one", "4711", "9.8.7"],
    ["one that is no number to us", "2b", "9.8.7"],
    ["one without a version", String(LAYOUT + 1), null],
  ])("refuses to start on %s, names both, and changes nothing", async (_, layout, version) => {
    await redis.hset(keys.layout, { layout, ...(version !== null && { version }) });
    const before = await stored();
    for (const role of ["api", "worker"] as const)
      await expect(startHookwave(server, { role })).rejects.toMatchObject({
        code: "DATA_NEWER",
        expected: expect.stringContaining(`layout ${LAYOUT} or older, which Hookwave ${VERSION} reads`),
        got: expect.stringContaining(
          `layout ${layout}, first written by Hookwave ${version ?? "an unknown"}`,
        ),
        remedy: expect.stringContaining("docs/backup.md"),
      });
    expect(await stored()).toEqual(before);
  });

  it("ends with 78, so that no supervisor tries again, and has delivered nothing", async () => {
    await using directory = await freshDirectory();
    await using receiver = await startReceiver();
    await using now = await startHookwave(server, { role: "api" });
    await now.endpoints.add({ url: receiver.url });
    await now.publish({ type: "thing.made", data: {} });
    await redis.hset(keys.layout, { layout: String(LAYOUT + 1), version: "9.8.7" });

    const variables = { HOOKWAVE_DATA_DIR: directory.path, REDIS_URL: server.url };
    const { code, stderr } = await spawnCommand(["start", "--json"], variables);

    expect(JSON.parse(stderr)).toMatchObject({ error: { code: "DATA_NEWER" } });
    expect(code).toBe(78);
    expect(receiver.requests).toEqual([]);
    expect((await now.queueCounts()).new.depth).toBe(1);
  });

  it("is no more let in as a command that goes straight to Redis", async () => {
    await redis.hset(keys.layout, { layout: String(LAYOUT + 1), version: "9.8.7" });
    const asked = { config: readEnvironment({}), redisUrl: server.url, needsSealingKey: false };
    await expect(openOwnApi(asked)).rejects.toMatchObject({ code: "DATA_NEWER" });
  });
});

describe("a service that is as new as its data, or newer", () => {
  it("starts on what nobody has marked yet, and marks it", async () => {
    await using _ = await startHookwave(server, { role: "api" });
    expect(await stored()).toEqual({ layout: String(LAYOUT), version: VERSION });
  });

  it("starts beside another version of the same layout, whose mark stays", async () => {
    await redis.hset(keys.layout, { layout: String(LAYOUT), version: "0.0.1" });
    await using _ = await startHookwave(server, { role: "api" });
    expect(await stored()).toEqual({ layout: String(LAYOUT), version: "0.0.1" });
  });

  it("marks older data as its own, also while Redis is out of memory", async () => {
    await redis.hset(keys.layout, { layout: String(LAYOUT), version: "0.0.1" });
    await redis.config("SET", "maxmemory", "1");
    await createLayout(redis, keys, 1, LAYOUT + 1)
      .claim("9.8.7")
      .finally(() => redis.config("SET", "maxmemory", "0"));
    expect(await stored()).toEqual({ layout: String(LAYOUT + 1), version: "9.8.7" });
    await expect(createLayout(redis, keys).claim(VERSION)).rejects.toMatchObject({ code: "DATA_NEWER" });
  });
});

describe("an installation in shards", () => {
  it.each([
    ["in one", 1],
    ["in two", 2],
  ])("is not opened by a service that has its events %s", async (_, shards) => {
    await using divided = await startHookwave(server, { role: "api", shards: 3 });
    for (const role of ["api", "worker"] as const)
      await expect(startHookwave(server, { role, shards })).rejects.toMatchObject({
        code: "SHARDS_MISMATCH",
        expected: expect.stringContaining("SHARDS=3"),
        got: `${shards}`,
        remedy: expect.stringContaining("HOOKWAVE_PREFIX"),
      });
    expect(await stored()).toEqual({ layout: String(LAYOUT + 1), version: VERSION, shards: "3" });
    await divided.insistReadable();
  });

  it("does not come of one that has all in one place, which stays as it is", async () => {
    await using _ = await startHookwave(server, { role: "api" });
    await expect(startHookwave(server, { role: "api", shards: 3 })).rejects.toMatchObject({
      code: "SHARDS_MISMATCH",
      expected: expect.stringContaining("SHARDS=1"),
    });
    expect(await stored()).toEqual({ layout: String(LAYOUT), version: VERSION });
  });

  it("is refused by a program that knows of no shards, which goes by the layout", async () => {
    await using _ = await startHookwave(server, { role: "api", shards: 3 });
    expect(Number((await stored())["layout"])).toBeGreaterThan(LAYOUT);
  });

  it("is not written by a producer that divides otherwise", async () => {
    await using _ = await startHookwave(server, { role: "api", shards: 3 });
    const producer = createPublisher({ redisUrl: server.url, shards: 5, logger: false });
    await expect(producer.publish({ type: "thing.made", data: {} })).rejects.toMatchObject({
      code: "SHARDS_MISMATCH",
    });
    await producer.close();
    expect(await redis.keys("*:3}:*")).toEqual([]);
    expect(await redis.keys("*:4}:*")).toEqual([]);
  });
});
