/** The API that a command opens for itself when it goes straight to Redis. */
import { describe, expect, it } from "vitest";
import { readEnvironment } from "../../src/config/environment.ts";
import { openOwnApi } from "../../src/process/own-api.ts";
import { ask } from "../support/api.ts";
import { freshDirectory } from "../support/command.ts";
import { startHookwave, startRedis } from "../support/service.ts";

const isLetIn = async (url: string, key?: string): Promise<boolean> => {
  const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
  return (await ask(`${url}/api/v1/keys`, { headers })).status === 200;
};

describe("an API of a command's own", () => {
  it("listens on loopback for whoever has its key, which is another each time, and for nobody else", async () => {
    await using redis = await startRedis();
    await using directory = await freshDirectory();
    const bootstrap = "k".repeat(32);
    const config = readEnvironment({ HOOKWAVE_DATA_DIR: directory.path, HOOKWAVE_API_KEY: bootstrap });
    const own = await openOwnApi({ config, redisUrl: redis.url, needsSealingKey: false });
    const other = await openOwnApi({ config, redisUrl: redis.url, needsSealingKey: false });

    const answers = [
      await isLetIn(own.url, own.key),
      await isLetIn(own.url),
      await isLetIn(own.url, other.key),
      await isLetIn(own.url, bootstrap),
    ];
    await own.close();
    await other.close();

    expect(new URL(own.url).hostname).toBe("127.0.0.1");
    expect(answers).toEqual([true, false, false, false]);
    await expect(fetch(own.url)).rejects.toThrow();
  });

  it("is not opened on endpoints that are sealed with another key, nor where no Redis answers", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis);
    await hookwave.endpoints.add({ url: "https://example.com/hook" });
    const config = readEnvironment({ HOOKWAVE_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString("base64") });
    const there = { config, redisUrl: redis.url };
    const nowhere = { config, redisUrl: "redis://127.0.0.1:1" };

    await expect(openOwnApi({ ...there, needsSealingKey: true })).rejects.toMatchObject({
      code: "SECRET_UNREADABLE",
    });
    await expect(openOwnApi({ ...nowhere, needsSealingKey: false })).rejects.toMatchObject({
      code: "REDIS_UNAVAILABLE",
    });
  });
});
