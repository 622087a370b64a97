/** The evidence of a migration: exactly what is missing is reported, by name and with its state. */
import { Redis } from "ioredis";
import { describe, expect, it, onTestFinished } from "vitest";
import { asEventId } from "../../src/core/brand.ts";
import { createKeys } from "../../src/store/keys.ts";
import { registered } from "../support/bus.ts";
import { startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

const ASKED = { sinceMs: 3_600_000, minEvents: 1, listeners: 0, p99GoalMs: 60_000 };

it("names three that are missing among many, in whichever state they are, and none that is delivered after all", async () => {
  await using redis = await startRedis();
  const receiver = await startReceiver();
  onTestFinished(receiver.close);
  await using hookwave = await startHookwave(redis, {
    enableRedisFallback: true,
    redisFallbackAfterMs: 1_000,
    legacyRedisEvents: ["model.registered", "model.retired"],
  });
  await hookwave.endpoints.add({
    id: "default",
    url: receiver.url,
    events: ["model.registered"],
    retrySchedule: [],
  });
  await hookwave.publishMany(Array.from({ length: 50 }, (_, at) => registered(`evt_good_${at}`)));
  await receiver.received(50);
  receiver.replies(503);
  await hookwave.publish(registered("evt_buried"));
  await until("it is refused", () => receiver.ids().length === 51);
  receiver.replies(200);
  await hookwave.publish({ ...registered("evt_not_owed"), type: "model.retired" });
  // One an hour: the second is held.
  await hookwave.endpoints.amend("default", { rateLimit: { count: 1, perMs: 3_600_000 } });
  await hookwave.publish(registered("evt_good_last"));
  await until("it is delivered", () => receiver.ids().includes("evt_good_last"));
  await hookwave.publish(registered("evt_held"));
  const books = new Redis(redis.url);
  onTestFinished(() => books.disconnect());
  const owed = () => books.zrange("{hookwave}:bus:parity", 0, "-1");
  await until("three are owed", async () => (await owed()).length === 3);
  await until(
    "all three are overdue",
    async () => (await hookwave.migration.report(ASKED)).missing.length === 3,
  );
  // As after a crash between the record of a delivery and the book: it is delivered, and still owed.
  const acceptedAt = await books.hget(createKeys("{hookwave}").event(asEventId("evt_good_7")), "accepted_at");
  await books.zadd("{hookwave}:bus:parity", acceptedAt ?? "", "evt_good_7");
  const report = await hookwave.migration.report(ASKED);
  const found = report.missing.map(({ eventId, side, state }) => [eventId, side, state].join(" "));
  expect(found.toSorted()).toEqual([
    "evt_buried webhook buried",
    "evt_held webhook held",
    "evt_not_owed webhook not_owed",
  ]);
  expect(report).toMatchObject({
    dispatched: 54,
    onBus: 54,
    delivered: 51,
    pending: 0,
    buried: 1,
    isSafe: false,
  });
  expect(report.because).toContain("3 missing");
  expect(await owed()).toHaveLength(3);
  expect(await hookwave.metrics.expose()).toMatch(/^hookwave_parity_missing 3$/m);
});

describe("a report is no evidence", () => {
  it("where the share is nothing, and where all fell back to the bus", async () => {
    await using redis = await startRedis();
    const receiver = await startReceiver(503);
    onTestFinished(receiver.close);
    await using hookwave = await startHookwave(redis, {
      enableRedisFallback: true,
      redisFallbackMode: "primary",
      redisFallbackAfterMs: 1_000,
      redisFallbackShares: { "*": 0 },
    });
    await hookwave.endpoints.add({ id: "default", url: receiver.url });
    await hookwave.publish(registered("evt_bus_only"));
    const report = () => hookwave.migration.report(ASKED);
    await until("it is counted", async () => (await report()).onBus === 1);
    expect((await report()).because).toContain("0 events by webhook are fewer than 1");
    expect((await report()).because).toContain("no webhook was delivered");

    const shares = { "*": 100 };
    const request = {
      phase: "primary",
      forMs: null,
      reason: null,
      backlog: null,
      shares,
      by: "test",
    } as const;
    await hookwave.migration.set(request);
    await hookwave.publish(registered("evt_late"));
    await until("it fell back", async () => (await report()).onBus === 2);
    expect((await report()).because).toContain("1 came too late by webhook and fell back to the bus");
  });

  it("where nobody can say who listens", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis, { legacyRedisUrl: "redis://127.0.0.1:1" });
    const { because, listeners } = await hookwave.migration.report({ ...ASKED, listeners: 2 });
    expect(listeners).toBeNull();
    expect(because).toContain("unknown listeners on the channel, 2 expected");
  });
});
