/** The gauges of what a fleet shares, on a real Redis with real trouble, and what Prometheus' own tool says of them. */
import { describe, expect, it } from "vitest";
import { connectRedis } from "../../src/store/redis.ts";
import { VERSION } from "../../src/wire/version.ts";
import { publish, startApi } from "../support/api.ts";
import { findTool, INSTALL, runTool } from "../support/prometheus.ts";
import { startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis, type TestHookwave } from "../support/service.ts";
import { until } from "../support/until.ts";

const HOUR_MS = 3_600_000;
const event = { type: "thing.made", data: {} };

/** Series → value, as a scrape sees them now. */
async function scrape({ metrics }: Pick<TestHookwave, "metrics">): Promise<ReadonlyMap<string, number>> {
  const samples = (await metrics.expose()).matchAll(/^(hookwave_.+) (\S+)$/gm);
  return new Map([...samples].map(([, series = "", value]) => [series, Number(value)]));
}

const waiting = (endpoint: string, reason: string): string =>
  `hookwave_deliveries_waiting{endpoint="${endpoint}",reason="${reason}"}`;

describe("the metrics of an endpoint in trouble", () => {
  it("say what waits for it, why, and for how long; and nothing any more once it is well", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver(500);
    await using hookwave = await startHookwave(redis, {
      breakerFailureThreshold: 3,
      breakerRecoveryMs: 1_000,
    });
    await hookwave.endpoints.add({ id: "ill", url: receiver.url, retrySchedule: [HOUR_MS] });
    await hookwave.publish(event);
    await until("a retry is booked", async () => (await scrape(hookwave)).get(waiting("ill", "retry")) === 1);
    const one = await scrape(hookwave);
    expect(one.get('hookwave_oldest_owed_age_seconds{endpoint="ill"}')).toBeGreaterThan(0);
    expect(one.get('hookwave_endpoint_failing_seconds{endpoint="ill"}')).toBeGreaterThanOrEqual(0);

    await hookwave.publishMany(Array.from({ length: 6 }, () => event));
    const opened = (): boolean =>
      hookwave.happenings.some((one) => one.kind === "breaker.changed" && one.state === "open");
    await until("its breaker is open", opened);
    await hookwave.publish(event);
    await until(
      "its breaker holds some",
      async () => ((await scrape(hookwave)).get(waiting("ill", "breaker_open")) ?? 0) > 0,
    );
    expect((await scrape(hookwave)).get(waiting("ill", "busy"))).toBe(0);

    const failing = 'hookwave_endpoint_failing_seconds{endpoint="ill"}';
    await until("it fails for a while", async () => ((await scrape(hookwave)).get(failing) ?? 0) > 0);
    await hookwave.endpoints.disable("ill");
    await until("it is nobody's trouble", async () => ((await scrape(hookwave)).get(failing) ?? 0) === 0);
    await hookwave.endpoints.remove("ill");
    await until("nobody waits for it", async () => !(await scrape(hookwave)).has(waiting("ill", "retry")));
  });

  it("say that its rate holds what waits", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver();
    await using hookwave = await startHookwave(redis);
    await hookwave.endpoints.add({ id: "slow", url: receiver.url, rateLimit: { count: 1, perMs: HOUR_MS } });
    await hookwave.publishMany([event, event, event]);
    await until(
      "two are held",
      async () => (await scrape(hookwave)).get(waiting("slow", "rate_limited")) === 2,
    );
  });
});

describe("the metrics of a fleet", () => {
  it("count workers by version, and none once they have stopped", async () => {
    await using redis = await startRedis();
    await using api = await startHookwave(redis, { role: "api" });
    const workers = async (version: string): Promise<number | undefined> =>
      (await scrape(api)).get(`hookwave_workers{version="${version}"}`);
    expect(await workers("none")).toBe(0);
    const both = await Promise.all([startHookwave(redis), startHookwave(redis)]);
    // At once, not when they say so for the second time.
    await until("both are there", async () => (await workers(VERSION)) === 2, 5_000);
    await both[0].close();
    expect(await workers(VERSION)).toBe(1);
    await both[1].close();
    expect(await workers("none")).toBe(0);
  });

  it("say how late it is what nobody takes: a new event, and a retry", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver(500);
    await using api = await startHookwave(redis, { role: "api" });
    const overdue = async (queue: string): Promise<number | undefined> =>
      (await scrape(api)).get(`hookwave_queue_overdue_seconds{queue="${queue}"}`);
    await api.endpoints.add({ url: receiver.url, retrySchedule: [500] });
    await api.publish(event);
    expect(await overdue("retrying")).toBe(0);
    await until("it is late", async () => ((await overdue("new")) ?? 0) > 0);
    const worker = await startHookwave(redis);
    await until("it is tried", () => receiver.requests.length === 1);
    await worker.close();
    expect(await overdue("new")).toBe(0);
    await until("its retry is late", async () => ((await overdue("retrying")) ?? 0) > 0);
  });

  it("show Redis as an operator has changed it since the start", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis, { role: "api" });
    const before = await scrape(hookwave);
    expect(before.get("hookwave_redis_memory_bytes")).toBeGreaterThan(100_000);
    expect(before.get("hookwave_redis_memory_max_bytes")).toBe(0);
    expect(before.get("hookwave_redis_evicts_nothing")).toBe(1);
    expect(before.get("hookwave_redis_aof_ok")).toBe(1);
    expect(Math.abs(before.get("hookwave_clock_skew_seconds") ?? 9)).toBeLessThan(2);
    const operator = connectRedis(redis.url, "watcher", () => undefined);
    await operator.config("SET", "maxmemory", "1gb", "maxmemory-policy", "allkeys-lru");
    operator.disconnect();
    const after = await scrape(hookwave);
    expect(after.get("hookwave_redis_memory_max_bytes")).toBe(2 ** 30);
    expect(after.get("hookwave_redis_evicts_nothing")).toBe(0);
  });
});

describe("the metrics as Prometheus reads them", () => {
  it("are without findings of promtool, under load and trouble", async (test) => {
    const promtool = findTool("promtool");
    if (promtool === null) return test.skip(`promtool is not there: ${INSTALL}`);
    await using redis = await startRedis();
    await using receiver = await startReceiver(500);
    await using hookwave = await startHookwave(redis);
    await hookwave.endpoints.add({ id: "ill", url: receiver.url, retrySchedule: [HOUR_MS] });
    await using api = await startApi(hookwave);
    await publish(api, JSON.stringify(event));
    await until("it is tried", async () => (await scrape(hookwave)).has(waiting("ill", "retry")));
    const { code, said } = await runTool(promtool, ["check", "metrics"], await hookwave.metrics.expose());
    expect(said).toBe("");
    expect(code).toBe(0);
  });
});
