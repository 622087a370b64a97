/** Endpoints sealed with a key that a worker does not have: its mistake, so no event pays for it. */
import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

describe("a worker with another encryption key", () => {
  it("refuses to start and says which endpoint and what to do", async () => {
    await using redis = await startRedis();
    await using right = await startHookwave(redis, { role: "api", encryptionKey: randomBytes(32) });
    await right.endpoints.add({ id: "sealed", url: "http://127.0.0.1:3000/" });

    const wrong = startHookwave(redis, { encryptionKey: randomBytes(32) });

    await expect(wrong).rejects.toMatchObject({
      code: "SECRET_UNREADABLE",
      message: expect.stringMatching(/sealed.*HOOKWAVE_ENCRYPTION_KEY/),
    });
  });

  it("keeps events waiting when such an endpoint appears, fails no job, and goes on once it is put right", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver();
    await using worker = await startHookwave(redis, { encryptionKey: randomBytes(32) });
    await using stranger = await startHookwave(redis, { role: "api", encryptionKey: randomBytes(32) });
    const { id } = await stranger.endpoints.add({ url: receiver.url });
    await worker.publish({ type: "thing.made", data: {} });
    await until("the worker has failed at it", () =>
      worker.happenings.some((one) => one.kind === "service.failed" && one.doing === "worker"),
    );
    expect((await worker.queueCounts()).new.depth).toBe(1);

    await worker.endpoints.remove(id);
    await worker.endpoints.add({ url: receiver.url });

    await receiver.received(1);
    await until("nothing is left to do", async () => (await worker.queueCounts()).new.depth === 0);
  });
});
