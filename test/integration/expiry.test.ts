/** Events that nobody wants to hear of after a time: they go out before it, or not at all, and are never lost without a trace. */
import { describe, expect, it } from "vitest";
import { summaries } from "../support/letters.ts";
import { startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis, type TestHookwave } from "../support/service.ts";
import { until } from "../support/until.ts";

const inMs = (ms: number): string => new Date(Date.now() + ms).toISOString();
const buried = (hookwave: TestHookwave) =>
  until("it is given up", async () => (await hookwave.queueCounts()).dead.depth === 1);

describe("an event with an end", () => {
  it("is delivered before it", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver();
    await using hookwave = await startHookwave(redis);
    await hookwave.endpoints.add({ url: receiver.url });
    await hookwave.publish({ type: "thing.moved", data: { n: 1 }, expiresAt: inMs(60_000) });
    const [request] = await receiver.received(1);
    expect(JSON.parse(String(request?.body))).not.toHaveProperty("expiresAt");
  });

  it("is not sent after it, but becomes a dead letter that a person may still send", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver();
    await using hookwave = await startHookwave(redis);
    await hookwave.endpoints.add({ url: receiver.url });
    await hookwave.publish({ id: "evt_1", type: "thing.moved", data: {}, expiresAt: inMs(-1) });
    await buried(hookwave);
    expect(await summaries(hookwave)).toMatchObject([{ because: "expired", attempts: 0 }]);
    expect(receiver.requests).toEqual([]);

    expect(await hookwave.events.replay("evt_1", null)).toMatchObject({ started: 1 });
    await receiver.received(1);
    expect(receiver.ids()).toEqual(["evt_1"]);
  });

  it("is sent without its end where a person sends its letter to somebody else", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver();
    await using hookwave = await startHookwave(redis);
    await hookwave.endpoints.add({ url: receiver.url });
    const other = await hookwave.endpoints.create({ url: receiver.url, events: ["nothing.else"] });
    await hookwave.publish({ id: "evt_1", type: "thing.moved", data: {}, expiresAt: inMs(-1) });
    await buried(hookwave);
    await hookwave.replays.begin({ to: other.id });
    await receiver.received(1);
    expect((await hookwave.queueCounts()).dead.depth).toBe(0);
    expect(receiver.ids()).toEqual(["evt_1"]);
  });

  it("is not tried again after it", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver(503);
    await using hookwave = await startHookwave(redis);
    await hookwave.endpoints.add({ url: receiver.url, retrySchedule: [6_000, 6_000] });
    await hookwave.publish({ type: "thing.moved", data: {}, expiresAt: inMs(4_000) });
    await buried(hookwave);
    expect(await summaries(hookwave)).toMatchObject([{ because: "expired", attempts: 1 }]);
    expect(receiver.requests).toHaveLength(1);
  });

  it("ends in its endpoint's line, too", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver(503);
    await using hookwave = await startHookwave(redis, {
      breakerFailureThreshold: 1,
      breakerRecoveryMs: 3_000,
    });
    await hookwave.endpoints.add({ url: receiver.url, retrySchedule: [60_000] });
    await hookwave.publish({ type: "thing.made", data: {} });
    await receiver.received(1);
    await until("its breaker is open", async () => (await hookwave.health()).data[0]?.breaker === "open");
    await hookwave.publish({ type: "thing.moved", data: {}, expiresAt: inMs(1_500) });
    await buried(hookwave);
    expect(await summaries(hookwave)).toMatchObject([{ because: "expired", attempts: 0 }]);
  });

  it("is refused where there is no such time", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis);
    for (const expiresAt of ["soon", "2026-13-01T00:00:00Z", "2026-01-01"]) {
      await expect(hookwave.publish({ type: "a.b", data: {}, expiresAt })).rejects.toMatchObject({
        code: "EVENT_INVALID",
        expected: expect.stringContaining("expiresAt"),
      });
    }
  });
});
