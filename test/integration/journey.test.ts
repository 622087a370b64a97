/** The whole journey with nothing mocked: published, stored, signed, sent, delivered. */
import { createHmac } from "node:crypto";
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { createPublisher } from "../../src/index.ts";
import { isDrained } from "../support/drained.ts";
import { startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

describe("the journey of an event", () => {
  it("reaches a receiver that knows only Standard Webhooks, and is verified there", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver();
    await using hookwave = await startHookwave(redis);
    await hookwave.endpoints.add({ url: receiver.url, secrets: [SECRET] });

    const { id } = await hookwave.publish({ type: "invoice.paid", data: { amount: 42 } });

    const [request] = await receiver.received(1);
    const body = String(request?.body);
    const headers = JSON.parse(JSON.stringify(request?.headers));
    expect(new Webhook(SECRET).verify(body, headers)).toMatchObject({
      type: "invoice.paid",
      data: { amount: 42 },
    });
    expect(request?.headers["webhook-id"]).toBe(id);
  });

  it("reaches a receiver that knows only the Hokusai scheme, and is verified there", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver();
    await using hookwave = await startHookwave(redis);
    await hookwave.endpoints.add({ url: receiver.url, profile: "hokusai", secrets: ["shared secret"] });

    await hookwave.publish({ type: "registry.changed", data: { idempotency_key: "key-1", model_id: "m" } });

    const [request] = await receiver.received(1);
    const expected = createHmac("sha256", "shared secret")
      .update(request?.body ?? "")
      .digest("hex");
    expect(request?.headers["x-hokusai-signature"]).toBe(`sha256=${expected}`);
    expect(request?.headers["x-hokusai-idempotency-key"]).toBe("key-1");
    expect(String(request?.body)).toBe('{"idempotency_key":"key-1","model_id":"m"}');
  });

  it("signs with both secrets while they are being rotated", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver();
    await using hookwave = await startHookwave(redis);
    const secrets = [SECRET, "whsec_XYZd6uBvvTT+nOhI8+X8Q2jy9hKxiu9H8p8hZFY6AUA="];
    await hookwave.endpoints.add({ url: receiver.url, secrets });

    await hookwave.publish({ type: "invoice.paid", data: {} });

    const [request] = await receiver.received(1);
    const headers = JSON.parse(JSON.stringify(request?.headers));
    for (const secret of secrets)
      expect(new Webhook(secret).verify(String(request?.body), headers)).toBeTruthy();
  });

  it("delivers the producer's bytes: big integers, odd key order, escapes, duplicates, white space", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver();
    await using hookwave = await startHookwave(redis);
    await hookwave.endpoints.add({ url: receiver.url, profile: "hokusai", secrets: ["s"] });
    const dataText = '{"2":1.0,"1":12345678901234567890, "é":"\\u00e9\\/", "a" : [ ], "a":null, "x":1e400}';

    await hookwave.publish({ type: "bytes.kept", dataText });

    const [request] = await receiver.received(1);
    expect(String(request?.body)).toBe(dataText);
  });

  it("goes to every endpoint that subscribed to it and to no other", async () => {
    await using redis = await startRedis();
    await using all = await startReceiver();
    await using family = await startReceiver();
    await using exact = await startReceiver();
    await using other = await startReceiver();
    await using hookwave = await startHookwave(redis);
    await hookwave.endpoints.add({ url: all.url });
    await hookwave.endpoints.add({ url: family.url, events: ["order.*"] });
    await hookwave.endpoints.add({ url: exact.url, events: ["order.paid"] });
    await hookwave.endpoints.add({ url: other.url, events: ["order.sent", "orders"] });

    await hookwave.publish({ type: "order.paid", data: {} });
    await hookwave.publish({ type: "order.sent", data: {} });

    await Promise.all([all.received(2), family.received(2), exact.received(1), other.received(1)]);
    await until("nothing is left to do", () => isDrained(hookwave));
    expect([all, family, exact, other].map((one) => one.requests.length)).toEqual([2, 2, 1, 1]);
  });

  it("sends one event id once, however often it is published", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver();
    await using hookwave = await startHookwave(redis);
    await hookwave.endpoints.add({ url: receiver.url });

    const once = { id: "evt_once", type: "thing.done", data: {} };
    await hookwave.publishMany(Array.from({ length: 50 }, () => once));
    await Promise.all(Array.from({ length: 50 }, () => hookwave.publish(once)));
    await hookwave.publish({ id: "evt_last", type: "thing.done", data: {} });

    await until("the last one has come", () => receiver.ids().includes("evt_last"));
    await until("nothing is left to do", () => isDrained(hookwave));
    expect(receiver.ids().toSorted()).toEqual(["evt_last", "evt_once"]);
  });

  it("begins with a publisher that knows no endpoint and runs in another process' memory", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver();
    await using hookwave = await startHookwave(redis);
    await hookwave.endpoints.add({ url: receiver.url });

    const publisher = createPublisher({ redisUrl: redis.url });
    const receipts = await publisher.publishMany(
      Array.from({ length: 500 }, (_, n) => ({ type: "count.up", data: { n } })),
    );
    await publisher.close();

    await receiver.received(500);
    expect(receiver.ids().toSorted()).toEqual(receipts.map(({ id }) => String(id)).toSorted());
  });
});

describe("publishing a long list", () => {
  it("is not refused for its length", async () => {
    await using redis = await startRedis();
    const publisher = createPublisher({ redisUrl: redis.url });
    const list = Array.from({ length: 60_000 }, () => ({
      type: "count.up",
      dataText: '{"padding":"0123456789"}',
    }));

    const receipts = await publisher.publishMany(list);

    expect(new Set(receipts.map(({ id }) => id)).size).toBe(60_000);
    await publisher.close();
  });
});
