/** How an endpoint has done, counted on a real Redis. */
import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import type { AttemptRecord, FinishedAttempt } from "../../src/core/attempt.ts";
import { asEventId } from "../../src/core/brand.ts";
import { deliveryId } from "../../src/core/delivery.ts";
import { summaryOf } from "../../src/core/letter.ts";
import { createAttemptLog } from "../../src/store/attempt-log.ts";
import { createBurial } from "../../src/store/burial.ts";
import { createKeys } from "../../src/store/keys.ts";
import { createMinutes } from "../../src/store/minute-counts.ts";
import { createStatistics } from "../../src/store/statistics.ts";
import { aLetter } from "../support/letters.ts";
import { startRedis } from "../support/service.ts";
import { delivered, endpointId, refused } from "../unit/observe/happenings.ts";

const KEYS = createKeys("{hookwave}");
const NOW = Date.parse("2025-11-03T09:30:00.000Z");

function finished(record: AttemptRecord): FinishedAttempt {
  const status = record.outcome === "delivered" ? "delivered" : "retrying";
  const state = { round: 0, status, attempts: [], nextAttemptAt: null, because: null } as const;
  return { record, recordText: JSON.stringify(record), acceptedAt: 1, state, excerpt: "" };
}

/** An attempt of another event's delivery. */
function ofEvent(n: number, record: AttemptRecord): AttemptRecord {
  const eventId = asEventId(`evt_n${n}`);
  return { ...record, eventId, deliveryId: deliveryId({ event: { id: eventId }, endpointId }) };
}

/** The parts under test, at half past nine, with an endpoint that is registered as far as they can tell. */
async function openParts(isRegistered = true) {
  const stack = new AsyncDisposableStack();
  const server = stack.use(await startRedis());
  const redis = new Redis(server.url);
  stack.defer(() => redis.disconnect());
  if (isRegistered) await redis.hset(KEYS.endpoints, endpointId, "{}");
  const { record } = createAttemptLog(redis, KEYS, 60_000, () => undefined);
  const parts = { redis, keys: KEYS, retentionMs: 60_000, system: { now: () => NOW } };
  const buryDelivery = createBurial({ ...parts, tell: () => undefined });
  return {
    redis,
    bury: (eventId: string) => {
      const { kind: _, delivery } = aLetter({ eventId, endpoint: endpointId });
      return buryDelivery(delivery, summaryOf(`dl_${eventId}`, aLetter({ eventId, endpoint: endpointId })));
    },
    recordAll: (records: readonly AttemptRecord[]) =>
      Promise.all(records.map((one) => record(finished(one)))),
    statistics: createStatistics(redis, KEYS, () => NOW),
    minutes: createMinutes(redis, KEYS),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

describe("an endpoint's statistics", () => {
  it("add up what several workers record, hour by hour", async () => {
    await using parts = await openParts();
    const quick = { ...delivered, durationMs: 20 };
    const slow = { ...refused, durationMs: 15_000 };
    await parts.recordAll([...Array.from({ length: 98 }, (_, n) => ofEvent(n, quick)), ofEvent(200, slow)]);
    await parts.recordAll([ofEvent(200, slow)]);
    await parts.recordAll([ofEvent(98, { ...quick, startedAt: "2025-11-02T10:59:59.999Z" })]);
    await parts.recordAll([ofEvent(99, { ...quick, startedAt: "2025-11-02T09:59:59.999Z" })]);
    await parts.bury("evt_1");
    await parts.redis.zadd(KEYS.waiting(endpointId), 1, "evt_2.ep_1", 2, "evt_3.ep_1");

    const { hours, lastDay, ...totals } = await parts.statistics.read(endpointId);

    expect(totals, "since it was added").toEqual({ delivered: 100, buried: 1, waiting: 2 });
    expect(lastDay, "an hour ago a day ago is over").toMatchObject({
      attempts: 101,
      delivered: 99,
      buried: 1,
    });
    expect(hours).toHaveLength(24);
    expect(hours[0]).toMatchObject({ startsAt: "2025-11-02T10:00:00.000Z", attempts: 1, delivered: 1 });
    expect(hours[1]).toEqual({
      startsAt: "2025-11-02T11:00:00.000Z",
      attempts: 0,
      delivered: 0,
      failed: 0,
      buried: 0,
      p50Ms: null,
      p99Ms: null,
    });
    expect(hours[23]).toMatchObject({ startsAt: "2025-11-03T09:00:00.000Z", attempts: 100, buried: 1 });
    expect(Math.abs((hours[23]?.p50Ms ?? 0) - 20)).toBeLessThan(3);
    expect(Math.abs((hours[23]?.p99Ms ?? 0) - 15_000)).toBeLessThan(1_500);
  });

  it("forget an hour a day later, and totals never", async () => {
    await using parts = await openParts();
    await parts.recordAll([delivered]);
    const hour = KEYS.statisticsHour(endpointId, "2025-11-03T09");
    expect(await parts.redis.pttl(hour)).toBeGreaterThan(24 * 3_600_000);
    await parts.bury("evt_2");
    expect(await parts.redis.pttl(hour)).toBeLessThanOrEqual(25 * 3_600_000);
    expect(await parts.redis.pttl(KEYS.statistics(endpointId))).toBe(-1);
  });

  it("are not begun again by what ends after the endpoint was removed", async () => {
    await using parts = await openParts(false);
    await parts.recordAll([delivered, refused]);
    await parts.bury("evt_2");
    const left = await parts.redis.exists(
      KEYS.health(endpointId),
      KEYS.statistics(endpointId),
      KEYS.statisticsHour(endpointId, "2025-11-03T09"),
    );
    expect(left).toBe(0);
    expect(await parts.redis.xlen(KEYS.attempts(endpointId)), "what was done is still logged").toBe(2);
  });
});

describe("the fleet's minutes", () => {
  const AT = "2025-11-03T09:29:30.000Z";
  const minute = async (parts: Awaited<ReturnType<typeof openParts>>) =>
    (await parts.minutes(Date.parse(AT), Date.parse(AT)))[0];

  it("count each attempt, and each delivery once, whoever has recorded it", async () => {
    await using parts = await openParts();
    const retried = { ...delivered, attemptNumber: 2, startedAt: AT };
    await parts.recordAll([
      ofEvent(1, { ...delivered, startedAt: AT }),
      ofEvent(2, { ...refused, startedAt: AT }),
    ]);
    await parts.recordAll([ofEvent(2, retried)]);
    // A copy that crossed the wire twice is an attempt more, and no delivery more.
    await parts.recordAll([ofEvent(2, retried)]);

    expect(await minute(parts)).toMatchObject({
      at: "2025-11-03T09:29:00.000Z",
      ...{ attempts: 4, delivered: 2, failed: 1, retried: 2, buried: 0 },
    });
    expect((await parts.statistics.read(endpointId)).delivered).toBe(2);
  });

  it("count what is given up once, also where its burial is written again", async () => {
    await using parts = await openParts();
    await parts.bury("evt_1");
    await parts.bury("evt_1");
    await parts.bury("evt_2");
    const [point] = await parts.minutes(NOW, NOW);
    expect(point).toMatchObject({ at: "2025-11-03T09:30:00.000Z", attempts: 0, delivered: 0, buried: 2 });
  });

  it("know how long first attempts took, from when their events were accepted", async () => {
    await using parts = await openParts();
    const { record } = createAttemptLog(parts.redis, KEYS, 60_000, () => undefined);
    const took = (n: number, waitMs: number) =>
      record({
        ...finished(ofEvent(n, { ...delivered, startedAt: AT, durationMs: 10 })),
        acceptedAt: Date.parse(AT) - waitMs,
      });
    await Promise.all(Array.from({ length: 100 }, (_, n) => took(n, n < 90 ? 10 : 2_000)));
    expect(Math.abs(((await minute(parts))?.firstAttemptP95Ms ?? 0) - 2_010)).toBeLessThan(250);
  });

  it("are there for each minute, also those in which nothing happened, and for a day", async () => {
    await using parts = await openParts();
    await parts.recordAll([{ ...delivered, startedAt: AT }]);
    const points = await parts.minutes(NOW - 5 * 60_000, NOW);
    expect(points.map(({ attempts }) => attempts)).toEqual([0, 0, 0, 0, 1, 0]);
    expect(points[0]).toMatchObject({
      delivered: 0,
      failed: 0,
      retried: 0,
      buried: 0,
      firstAttemptP95Ms: null,
    });
    const ttl = await parts.redis.pttl(KEYS.statisticsMinute("2025-11-03T09:29"));
    expect(ttl).toBeGreaterThan(24 * 3_600_000);
    expect(await parts.minutes(NOW - 24 * 3_600_000, NOW)).toHaveLength(1_441);
  });
});
