/** Callbacks that come in while something dies: nothing is acknowledged that is not stored, and nothing lost that was. */
import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { ask, startApi } from "../support/api.ts";
import { apiUrl, connected, freshDirectory, startCommand } from "../support/command.ts";
import { CALLBACKS, callback, SECRET, SOURCES, startInbox } from "../support/inbox.ts";
import { startHookwave, startRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

describe("a callback", () => {
  it("is refused with 503 and Retry-After while Redis is away, also one that nobody signed, and none is kept", async () => {
    // A server of this test's own: the next test must not get one that was killed.
    await using redis = await startRedis("--hz", "10");
    await using hookwave = await startHookwave(redis, { role: "api" });
    await using api = await startApi(hookwave);
    await hookwave.sources.create({ id: "llm", profile: "llm-service", secrets: [SECRET] });
    expect(await callback(api, "cb-1")).toMatchObject({ status: 202 });
    process.kill(redis.pid, "SIGKILL");
    await until("Redis is gone", async () => !(await hookwave.isRedisReachable()));

    for (const secret of [SECRET, "another-one"]) {
      const refused = await callback(api, "cb-2", {}, secret);
      expect(refused).toMatchObject({ status: 503, body: { code: "REDIS_UNAVAILABLE" } });
      expect(refused.headers.get("retry-after")).toBe("1");
    }
  });

  it("is one of so many that an address may send in a minute, which are not those of strangers", async () => {
    await using inbox = await startInbox();
    await inbox.source();
    const settings = { apiRateLimit: 3, apiRateLimitUnknown: 1 };
    await using api = await startApi(inbox.hookwave, { isOpenToOthers: true, settings });
    for (const n of [1, 2, 3]) expect(await callback(api, `cb-${n}`)).toMatchObject({ status: 202 });
    const refused = await callback(api, "cb-4");
    expect(refused).toMatchObject({ status: 429, body: { code: "RATE_LIMITED" } });
    expect(refused.headers.get("retry-after")).toMatch(/^\d+$/);
    expect(await inbox.list()).toHaveLength(3);
  });

  it("is refused with 503 while Redis has no memory for it", async () => {
    // A server of this test's own: the next test must not get one that has been short of memory.
    await using redis = await startRedis("--hz", "10");
    await using hookwave = await startHookwave(redis, { role: "api" });
    await using api = await startApi(hookwave);
    await hookwave.sources.create({ id: "llm", profile: "llm-service", secrets: [SECRET] });
    const admin = new Redis(redis.url);
    await admin.config("SET", "maxmemory", "1");
    const refused = await callback(api, "cb-1");
    await admin.config("SET", "maxmemory", "0");
    admin.disconnect();
    expect(refused).toMatchObject({ status: 503, body: { code: "REDIS_UNAVAILABLE" } });
    expect((await hookwave.callbacks.counts()).total).toBe(0);
  });

  it("that was answered with 2xx is there after kill -9 of the process that answered", async () => {
    await using directory = await freshDirectory();
    await using redis = await startRedis();
    const variables = { HOOKWAVE_DATA_DIR: directory.path, REDIS_URL: redis.url };
    await using first = startCommand(["start", "--role", "api"], variables);
    const url = await apiUrl(first);
    await connected(first);
    const source = { id: "llm", profile: "llm-service", secret: SECRET };
    const headers = { "content-type": "application/json" };
    await ask(`${url}${SOURCES}`, { method: "POST", headers, body: JSON.stringify(source) });
    const api = { url, close: async () => undefined, [Symbol.asyncDispose]: async () => undefined };

    const acknowledged: string[] = [];
    const sending = Array.from({ length: 40 }, async (_, n) => {
      const answer = await callback(api, `cb-${n}`).catch(() => null);
      if (answer?.status === 202) acknowledged.push(`cb-${n}`);
      if (acknowledged.length === 10) first.signal("SIGKILL");
    });
    await Promise.all(sending);
    await first.ended();

    await using second = startCommand(["start", "--role", "api"], variables);
    const again = await apiUrl(second);
    await connected(second);
    const { body } = await ask(`${again}${CALLBACKS}?limit=100`);
    const kept = Array.from(Object(body).data, (row) => String(Object(row).callback_id));
    expect(acknowledged.length).toBeGreaterThanOrEqual(10);
    expect(kept).toEqual(expect.arrayContaining(acknowledged));
  }, 60_000);
});
