/** What an embedding program may pass, and what it then gets. */
import { describe, expect, it } from "vitest";
import { createHookwave, createPublisher, type HookwaveOptions } from "../../src/index.ts";
import { startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

/** As from JavaScript, or a compiler that lets undefined pass for "not given". */
const loose = (options: object): HookwaveOptions => ({
  redisUrl: "redis://127.0.0.1:1",
  ...options,
});

describe("options of an embedded Hookwave", () => {
  it("keep their defaults where they are undefined", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver();
    await using hookwave = await startHookwave(
      redis,
      loose({ redisUrl: redis.url, eventRetentionMs: undefined }),
    );
    await hookwave.endpoints.add({ url: receiver.url });
    const publisher = createPublisher(loose({ redisUrl: redis.url, prefix: undefined }));

    await publisher.publish({ type: "thing.made", data: {} });

    await receiver.received(1);
    await publisher.close();
  });

  it("are refused before anything is opened when they cannot work", async () => {
    const refused = { code: "CONFIG_INVALID" };
    expect(() => createPublisher(loose({ prefix: "no-braces" }))).toThrow(expect.objectContaining(refused));
    await expect(createHookwave(loose({ prefix: "no-braces" }))).rejects.toMatchObject(refused);
    await expect(createHookwave(loose({ allowPrivateNetworks: ["10.0.0.0/99"] }))).rejects.toMatchObject(
      refused,
    );
    const proxy = loose({ outboundProxy: "https://svc:hush-hush@proxy:3128" });
    await expect(createHookwave(proxy)).rejects.toMatchObject(refused);
    await expect(createHookwave(proxy)).rejects.not.toThrow(/hush-hush/);
  });
});

describe("a fleet's metrics", () => {
  it("say the same of a breaker on every worker, whoever opened or closed it", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver(500);
    const quick = { breakerFailureThreshold: 5, breakerRecoveryMs: 700 };
    await using api = await startHookwave(redis, { ...quick, role: "api" });
    await using worker = await startHookwave(redis, quick);
    await worker.endpoints.add({ id: "ill", url: receiver.url, retrySchedule: [50, 50, 50] });
    const stateOn = async (one: typeof api): Promise<string | undefined> =>
      /hookwave_circuit_breaker_state\{endpoint="ill"\} (\d)/.exec(await one.metrics.expose())?.[1];

    await worker.publishMany(Array.from({ length: 6 }, () => ({ type: "thing.made", data: {} })));
    await until("the API has heard that it is open", async () => (await stateOn(api)) === "2");

    receiver.replies(200);
    await until("the API has heard that it is closed", async () => (await stateOn(api)) === "0");
    expect(await stateOn(worker)).toBe("0");
  });
});
