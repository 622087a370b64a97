/** The endpoint that WEBHOOK_URL describes, over the starts of a service. */
import { describe, expect, it } from "vitest";
import { startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis, type TestRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

interface Described {
  readonly webhookUrl: string;
  readonly webhookSecret: string;
  readonly webhookSecretPrevious?: string;
}

/** What a service has stored once it has started with these settings. */
async function startedWith(redis: TestRedis, described: Described) {
  await using hookwave = await startHookwave(redis, described);
  const [endpoint] = await hookwave.endpoints.list();
  return endpoint;
}

describe("the endpoint of WEBHOOK_URL", () => {
  it("stays as it is while the environment says the same: disabled by 410, it stays disabled", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver(410);
    const described = { webhookUrl: receiver.url, webhookSecret: "first" };
    {
      await using hookwave = await startHookwave(redis, described);
      await hookwave.publish({ type: "thing.made", data: {} });
      await until("it is disabled", () =>
        hookwave.happenings.some(({ kind }) => kind === "endpoint.disabled"),
      );
    }
    const disabled = await startedWith(redis, described);
    expect(disabled).toMatchObject({ id: "default", isActive: false, url: receiver.url });
    expect(disabled?.disabledBecause).not.toBeNull();
    expect(await startedWith(redis, described), "nothing is written").toEqual(disabled);
  });

  it("takes a new secret over and keeps its creation time", async () => {
    await using redis = await startRedis();
    const webhookUrl = "http://127.0.0.1:8080/hook";
    const before = await startedWith(redis, { webhookUrl, webhookSecret: "first" });
    const after = await startedWith(redis, {
      webhookUrl,
      webhookSecret: "second",
      webhookSecretPrevious: "first",
    });
    expect(after?.secrets.map(({ value }) => value)).toEqual(["second", "first"]);
    expect(after?.createdAt).toBe(before?.createdAt);
    expect(after?.updatedAt).not.toBe(before?.updatedAt);
  });

  it("begins anew at a new URL, active whatever the old one was", async () => {
    await using redis = await startRedis();
    await using gone = await startReceiver(410);
    await using receiver = await startReceiver();
    {
      await using hookwave = await startHookwave(redis, { webhookUrl: gone.url, webhookSecret: "s" });
      await hookwave.publish({ type: "thing.made", data: {} });
      await until("it is disabled", () =>
        hookwave.happenings.some(({ kind }) => kind === "endpoint.disabled"),
      );
    }
    expect(await startedWith(redis, { webhookUrl: receiver.url, webhookSecret: "s" })).toMatchObject({
      url: receiver.url,
      isActive: true,
      disabledBecause: null,
    });
  });
});
