/** A Redis that a test had before is as good as a new one, or is not used again. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { asking } from "../support/idle-redis.ts";
import { startRedis, type TestRedis } from "../support/service.ts";

/** Which server a test had, and which the next one has. */
async function servers(use: (redis: TestRedis, admin: Redis) => Promise<unknown>) {
  const pids: number[] = [];
  {
    await using redis = await startRedis();
    pids.push(redis.pid);
    await asking(redis.url, (admin) => use(redis, admin));
  }
  await using next = await startRedis();
  return { pids: [...pids, next.pid], keys: await asking(next.url, (admin) => admin.dbsize()) };
}

describe("a Redis of a test that is over", () => {
  it("is empty for the next one", async () => {
    const { pids, keys } = await servers(async (redis, admin) => {
      await admin.set("left", "behind");
      await writeFile(join(redis.dataDir, "encryption-key"), "of another test");
    });
    expect(pids[0]).toBe(pids[1]);
    expect(keys).toBe(0);
  });

  it.each([
    ["set otherwise", (_redis: TestRedis, admin: Redis) => admin.config("SET", "maxmemory", "1")],
    ["stopped", (redis: TestRedis) => redis.stop()],
    ["killed", async (redis: TestRedis) => process.kill(redis.pid, "SIGKILL")],
    ["frozen", async (redis: TestRedis) => process.kill(redis.pid, "SIGSTOP")],
  ])("is not used again when it was %s", async (_what, use) => {
    const { pids } = await servers(use);
    expect(pids[0]).not.toBe(pids[1]);
  });
});
