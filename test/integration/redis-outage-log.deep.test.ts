/** An outage of Redis as an operator reads it: three kinds of lines, however many connections fail however often. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { system } from "../../src/config/system.ts";
import type { Tell } from "../../src/core/happening.ts";
import { logHappenings } from "../../src/observe/happening-log.ts";
import { createLog } from "../../src/observe/log.ts";
import { startEmbeddedRedis } from "../../src/process/embedded-redis.ts";
import { startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis, type TestRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

type Line = Readonly<Record<string, unknown>>;

const SAY_EVERY_MS = 1_000;

/** A service with a log of its own, of which it shows what concerns Redis. */
async function openService(redis: TestRedis) {
  const logFile = join(redis.dataDir, "outage.log");
  const log = createLog({ level: "info", destination: logFile });
  const happenings = logHappenings(log, { ...system, sayEveryMs: SAY_EVERY_MS, lookEveryMs: 250 });
  let failed = 0;
  const hear: Tell = ({ kind }) => {
    if (kind === "service.failed") failed += 1;
  };
  const hookwave = await startHookwave(redis, { listeners: [hear, happenings.tell] });
  happenings.askBy(async () => (await hookwave.redisState()).kind === "writable");
  const lines = async (): Promise<readonly Line[]> => {
    const texts = (await readFile(logFile, "utf8")).split("\n").filter((text) => text !== "");
    return texts
      .map((text): Line => JSON.parse(text))
      .filter(({ msg }) => msg === "service.failed" || String(msg).startsWith("redis."));
  };
  return {
    hookwave,
    failed: () => failed,
    lines,
    count: async (msg: string) => (await lines()).filter((line) => line["msg"] === msg).length,
    [Symbol.asyncDispose]: async () => {
      await hookwave.close();
      happenings.close();
      await log.close();
    },
  };
}

/** Takes Redis away, and answers with what brings it back. */
type TakeAway = (redis: TestRedis) => Promise<() => Promise<AsyncDisposable>>;

const stop: TakeAway = async (redis) => {
  await redis.stop();
  const options = { dataDir: redis.dataDir, searchPath: process.env["PATH"] ?? "" };
  return async () => {
    const again = await startEmbeddedRedis({ ...options, port: Number(new URL(redis.url).port) });
    return { [Symbol.asyncDispose]: again.stop };
  };
};

const freeze: TakeAway = async (redis) => {
  process.kill(redis.pid, "SIGSTOP");
  return async () => {
    process.kill(redis.pid, "SIGCONT");
    return { [Symbol.asyncDispose]: async () => undefined };
  };
};

describe("a Redis that is away", () => {
  it.each([
    ["stopped", stop],
    ["frozen", freeze],
  ])(
    "has a line when it is lost, one now and then, and one when it is back: %s",
    async (_way, takeAway) => {
      await using redis = await startRedis("--hz", "10");
      await using receiver = await startReceiver();
      await using service = await openService(redis);
      const { hookwave, lines, count } = service;
      await hookwave.endpoints.add({ url: receiver.url });

      const bringBack = await takeAway(redis);
      await until("it has been away for some time", async () => (await count("redis.away")) >= 2, 20_000);
      await using _again = await bringBack();
      await until("it is back", async () => (await count("redis.back")) === 1, 20_000);
      await hookwave.publish({ type: "thing.made", data: {} });
      await receiver.received(1, 10_000);

      const said = await lines();
      const kinds = said.map(({ level, msg }) => `${level} ${msg}`);
      const between = kinds.slice(1, -1).map(() => "error redis.away");
      expect(kinds).toEqual(["error redis.lost", ...between, "warn redis.back"]);
      expect(said[0]).toMatchObject({ doing: expect.any(String), error: { message: expect.any(String) } });
      const { failures, forMs } = said.at(-1) ?? {};
      expect(failures).toBe(service.failed());
      expect(failures).toBeGreaterThan(said.length);
      expect(said.length).toBeLessThanOrEqual(3 + Number(forMs) / SAY_EVERY_MS);
    },
    60_000,
  );
});
