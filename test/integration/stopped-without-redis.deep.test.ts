/** A service that is told to stop while Redis is gone waits for nothing that cannot come. */
import { describe, expect, it } from "vitest";
import { connected, freshDirectory, startCommand } from "../support/command.ts";
import { startRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

const ENDS_WITHIN_MS = 2_000;

describe("SIGTERM while Redis is gone", () => {
  it.each(["all", "worker", "api"])("and nothing is in work ends a process within 2 s: %s", async (role) => {
    await using directory = await freshDirectory();
    // A server of this test's own: the next test must not get one that was killed.
    await using redis = await startRedis("--hz", "10");
    const variables = { HOOKWAVE_DATA_DIR: directory.path, REDIS_URL: redis.url, SHUTDOWN_GRACE: "60" };
    await using service = startCommand(["start", "--role", role], variables);
    await connected(service);
    process.kill(redis.pid, "SIGKILL");
    await until("it has noticed", () => service.log().some(({ msg }) => msg === "redis.lost"));

    service.signal("SIGTERM");
    const toldAt = performance.now();
    expect(await service.ended()).toBe(0);
    expect(performance.now() - toldAt).toBeLessThan(ENDS_WITHIN_MS);
  });
});
