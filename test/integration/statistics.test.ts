/** How an endpoint has done, counted on a real Redis. */
import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import type { AttemptRecord, FinishedAttempt } from "../../src/core/attempt.ts";
import { createAttemptLog } from "../../src/store/attempt-log.ts";
import { createKeys } from "../../src/store/keys.ts";
import { createStatistics } from "../../src/store/statistics.ts";
import { startRedis } from "../support/service.ts";
import { delivered, endpointId, refused } from "../unit/observe/happenings.ts";

const KEYS = createKeys("{hookwave}");
const NOW = Date.parse("2025-11-03T09:30:00.000Z");

function finished(record: AttemptRecord): FinishedAttempt {
  const state = { round: 0, status: "delivered", attempts: [], nextAttemptAt: null, because: null } as const;
  return { record, recordText: JSON.stringify(record), acceptedAt: 1, state, excerpt: "" };
}

/** The parts under test, at half past nine, with an endpoint that is registered as far as they can tell. */
async function openParts(isRegistered = true) {
  const stack = new AsyncDisposableStack();
  const server = stack.use(await startRedis());
  const redis = new Redis(server.url);
  stack.defer(() => redis.disconnect());
  if (isRegistered) await redis.hset(KEYS.endpoints, endpointId, "{}");
  const { record } = createAttemptLog(redis, KEYS, 60_000, () => undefined);
  return {
    redis,
    recordAll: (records: readonly AttemptRecord[]) =>
      Promise.all(records.map((one) => record(finished(one)))),
    statistics: createStatistics(redis, KEYS, () => NOW),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

describe("an endpoint's statistics", () => {
  it("add up what several workers record, hour by hour", async () => {
    await using parts = await openParts();
    const quick = { ...delivered, durationMs: 20 };
    const slow = { ...refused, durationMs: 15_000 };
    await parts.recordAll([...Array.from({ length: 98 }, () => quick), slow]);
    await parts.recordAll([slow]);
    await parts.recordAll([{ ...quick, startedAt: "2025-11-02T10:59:59.999Z" }]);
    await parts.recordAll([{ ...quick, startedAt: "2025-11-02T09:59:59.999Z" }]);
    await parts.statistics.countBuried(endpointId);
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
    await parts.statistics.countBuried(endpointId);
    expect(await parts.redis.pttl(hour)).toBeLessThanOrEqual(25 * 3_600_000);
    expect(await parts.redis.pttl(KEYS.statistics(endpointId))).toBe(-1);
  });

  it("are not begun again by what ends after the endpoint was removed", async () => {
    await using parts = await openParts(false);
    await parts.recordAll([delivered, refused]);
    await parts.statistics.countBuried(endpointId);
    const left = await parts.redis.exists(
      KEYS.health(endpointId),
      KEYS.statistics(endpointId),
      KEYS.statisticsHour(endpointId, "2025-11-03T09"),
    );
    expect(left).toBe(0);
    expect(await parts.redis.xlen(KEYS.attempts(endpointId)), "what was done is still logged").toBe(2);
  });
});
