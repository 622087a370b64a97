import { describe, expect, it } from "vitest";
import type { AttemptRecord } from "../../../src/core/attempt.ts";
import { asEndpointId, asOrigin } from "../../../src/core/brand.ts";
import { PROFILE_NAMES } from "../../../src/core/endpoint.ts";
import { type BreakerState, breakerChanged, type Happening } from "../../../src/core/happening.ts";
import type { EndpointReading } from "../../../src/core/readings.ts";
import type { Readings } from "../../../src/observe/gauges.ts";
import { createMetrics, type Metrics } from "../../../src/observe/metrics.ts";
import { attemptFinished, delivered, ONE_OF_EACH, refused } from "./happenings.ts";

const NOTHING_WAITS = {
  retrying: 0,
  held: 0,
  heldBecause: "busy",
  oldestOwedMs: 0,
  failingMs: 0,
  disablingRatio: 0,
} as const;

const READINGS: Readings = {
  queues: async () => ({
    new: { depth: 3, oldestAgeMs: 1_500, overdueMs: 1_400 },
    retrying: { depth: 2, oldestAgeMs: 60_000, overdueMs: 0 },
    dead: { depth: 7, oldestAgeMs: 0, overdueMs: 0 },
  }),
  missing: async () => 4,
  endpoints: async (ids) => ids.map((endpointId) => ({ endpointId, ...NOTHING_WAITS, retrying: 1 })),
  workers: async () => new Map([["1.2.3", 2]]),
  redis: async () => ({
    memoryBytes: 1_000,
    memoryMaxBytes: 4_000,
    evictsNothing: true,
    isAofWell: true,
    skewMs: -250,
  }),
  certificates: () => [{ endpointId: asEndpointId("tls"), endsInMs: 86_400_000 }],
  inFlight: () => 5,
};

let nowMs = 0;

function metricsAfter(
  happenings: readonly Happening[],
  endpointLabels = 200,
  readings: Partial<Readings> = {},
  told: Happening[] = [],
): Metrics {
  const metrics = createMetrics({
    endpointLabels,
    version: "1.2.3",
    readings: () => ({ ...READINGS, ...readings }),
    monotonicMs: () => nowMs,
    tell: (happening) => told.push(happening),
  });
  for (const happening of happenings) metrics.tell(happening);
  return metrics;
}

/** The exposed samples of our own metrics: series → value. */
async function samples(metrics: Metrics): Promise<Readonly<Record<string, number>>> {
  const lines = (await metrics.expose()).matchAll(/^(hookwave_.+) (\S+)$/gm);
  return Object.fromEntries(lines.map(([, series, value]) => [series, Number(value)]));
}

/** The series of one metric, and of one endpoint where it is given. */
async function seriesOf(metrics: Metrics, name: string, endpoint = ""): Promise<readonly string[]> {
  const names = Object.keys(await samples(metrics));
  return names.filter((one) => one.startsWith(name) && one.includes(`endpoint="${endpoint}`));
}

const attemptsOf = (endpoint: string, rest: string): string =>
  `hookwave_attempts_total{endpoint="${endpoint}",profile="hokusai",${rest}}`;

const finished = (
  record = delivered,
  latencyMs: number | null = null,
  firstDelayMs: number | null = null,
): Happening => attemptFinished(record, latencyMs, firstDelayMs);

const by = (id: string, record = delivered): AttemptRecord => ({ ...record, endpointId: asEndpointId(id) });

const breaker = (id: string, state: BreakerState): Happening => breakerChanged(asEndpointId(id), state);

describe("metrics", () => {
  it("exposes every series of a closed label set at 0 before anything happened", async () => {
    const series = await samples(metricsAfter([]));
    expect(series).toMatchObject({
      hookwave_events_published_total: 0,
      hookwave_events_duplicated_total: 0,
      hookwave_retries_total: 0,
      hookwave_service_failures_total: 0,
      hookwave_attempt_duration_seconds_count: 0,
      hookwave_delivery_latency_seconds_count: 0,
      hookwave_first_attempt_delay_seconds_count: 0,
      'hookwave_attempts_total{endpoint="other",profile="standard",outcome="unreachable",status_class="none",attempt="first"}': 0,
      'hookwave_holds_total{reason="busy"}': 0,
      'hookwave_dead_letters_total{reason="poison"}': 0,
      'hookwave_circuit_breaker_state{endpoint="other"}': 0,
    });
    const attempts = Object.keys(series).filter((name) => name.startsWith("hookwave_attempts_total"));
    expect(attempts).toHaveLength(12 * PROFILE_NAMES.length);
  });

  it("counts each kind of happening where it belongs", async () => {
    expect(await samples(metricsAfter(Object.values(ONE_OF_EACH)))).toMatchObject({
      hookwave_events_published_total: 3,
      hookwave_events_duplicated_total: 1,
      hookwave_service_failures_total: 1,
      [attemptsOf("ep_1", 'outcome="delivered",status_class="2xx",attempt="first"')]: 1,
      'hookwave_holds_total{reason="breaker_open"}': 1,
      'hookwave_dead_letters_total{reason="exhausted"}': 1,
      'hookwave_dead_letters_total{reason="invalid"}': 1,
      'hookwave_circuit_breaker_state{endpoint="ep_1"}': 2,
    });
  });

  it("observes one attempt once, in seconds, the latency only of what was delivered, the delay of a first one", async () => {
    const happenings = [finished(refused, null, 300), finished(delivered, 2_400)];
    expect(await samples(metricsAfter(happenings))).toMatchObject({
      hookwave_attempt_duration_seconds_count: 2,
      hookwave_attempt_duration_seconds_sum: 0.024,
      'hookwave_attempt_duration_seconds_bucket{le="0.01"}': 0,
      'hookwave_attempt_duration_seconds_bucket{le="0.025"}': 2,
      hookwave_delivery_latency_seconds_count: 1,
      hookwave_delivery_latency_seconds_sum: 2.4,
      hookwave_first_attempt_delay_seconds_count: 1,
      hookwave_first_attempt_delay_seconds_sum: 0.3,
      hookwave_retries_total: 1,
    });
  });

  it("tells first attempts from later ones, and the class of their status, for each endpoint", async () => {
    const later = { ...refused, attemptNumber: 2, status: 404 };
    const shown = await samples(metricsAfter([finished(refused), finished(later)]));
    expect(shown).toMatchObject({
      [attemptsOf("ep_1", 'outcome="refused",status_class="5xx",attempt="first"')]: 1,
      [attemptsOf("ep_1", 'outcome="refused",status_class="4xx",attempt="later"')]: 1,
      [attemptsOf("ep_1", 'outcome="unreachable",status_class="none",attempt="later"')]: 0,
    });
  });

  it("gives the first endpoints a label of their own, and a destination none", async () => {
    const asked = ["a", "b", "dst_0123456789abcdef0123456789abcdef"].map((id) => finished(by(id)));
    const metrics = metricsAfter(asked.toReversed(), 1);
    expect(await seriesOf(metrics, "hookwave_attempts_total", "b")).toHaveLength(12);
    const others = attemptsOf("other", 'outcome="delivered",status_class="2xx",attempt="first"');
    expect(await samples(metrics)).toHaveProperty([others], 2);
  });

  it("counts requests by route and class of status, and those of no route together", async () => {
    const metrics = metricsAfter([]);
    const answered = { method: "GET", route: "/api/v1/events/:id", status: 404, durationMs: 30 };
    metrics.observeRequest(answered);
    metrics.observeRequest({ ...answered, route: null });
    expect(await samples(metrics)).toMatchObject({
      'hookwave_api_requests_total{method="GET",route="/api/v1/events/:id",status_class="4xx"}': 1,
      'hookwave_api_requests_total{method="GET",route="none",status_class="4xx"}': 1,
      'hookwave_api_request_duration_seconds_sum{method="GET",route="none"}': 0.03,
    });
  });

  it("reads what the fleet shares anew for each scrape", async () => {
    expect(await samples(metricsAfter([]))).toMatchObject({
      'hookwave_queue_depth{queue="new"}': 3,
      'hookwave_queue_depth{queue="dead"}': 7,
      'hookwave_queue_overdue_seconds{queue="new"}': 1.4,
      'hookwave_queue_overdue_seconds{queue="retrying"}': 0,
      'hookwave_workers{version="1.2.3"}': 2,
      hookwave_parity_missing: 4,
      hookwave_in_flight: 5,
      'hookwave_tls_expiry_seconds{endpoint="tls"}': 86_400,
      hookwave_redis_memory_bytes: 1_000,
      hookwave_redis_memory_max_bytes: 4_000,
      hookwave_redis_aof_ok: 1,
      hookwave_redis_evicts_nothing: 1,
      hookwave_clock_skew_seconds: -0.25,
    });
  });

  it("shows 0 workers where there is none, for an alert can miss what is absent", async () => {
    const alone = metricsAfter([], 200, { workers: async () => new Map() });
    expect(await samples(alone)).toHaveProperty(['hookwave_workers{version="none"}'], 0);
  });

  it("leaves out what cannot be read, says so, and still shows the rest", async () => {
    const broken = (): Promise<never> => Promise.reject(new Error("Connection is closed."));
    const readings: Partial<
      Record<Exclude<keyof Readings, "inFlight" | "certificates">, () => Promise<never>>
    > = {};
    const told: Happening[] = [];
    const metrics = metricsAfter([finished(refused)], 200, readings, told);
    const before = Object.keys(await samples(metrics));
    for (const name of ["queues", "missing", "endpoints", "workers", "redis"] as const)
      readings[name] = broken;
    const blind = await samples(metrics);
    const gone = before.filter((series) => !(series in blind)).map((series) => series.split("{")[0]);
    expect([...new Set(gone)].toSorted()).toEqual([
      "hookwave_clock_skew_seconds",
      "hookwave_deliveries_waiting",
      "hookwave_endpoint_disabling_ratio",
      "hookwave_endpoint_failing_seconds",
      "hookwave_oldest_owed_age_seconds",
      "hookwave_parity_missing",
      "hookwave_queue_depth",
      "hookwave_queue_overdue_seconds",
      "hookwave_redis_aof_ok",
      "hookwave_redis_evicts_nothing",
      "hookwave_redis_memory_bytes",
      "hookwave_redis_memory_max_bytes",
      "hookwave_workers",
    ]);
    const doing = ["read_endpoints", "read_parity", "read_queues", "read_redis", "read_workers"];
    expect(told.map((one) => one.kind === "service.failed" && one.doing).toSorted()).toEqual(doing);
  });

  it("asks for endpoints in trouble only, shows what waits for each and why, and forgets those that are well", async () => {
    const asked: (readonly string[])[] = [];
    let found: Omit<EndpointReading, "endpointId"> = {
      retrying: 2,
      held: 3,
      heldBecause: "rate_limited",
      oldestOwedMs: 9_000,
      failingMs: 60_000,
      disablingRatio: 0.25,
    };
    const endpoints: Readings["endpoints"] = async (ids) => {
      asked.push(ids);
      return ids.map((endpointId) => ({ endpointId, ...found }));
    };
    const metrics = metricsAfter([finished(by("well")), finished(by("ill", refused))], 200, { endpoints });
    expect(await samples(metrics)).toMatchObject({
      'hookwave_deliveries_waiting{endpoint="ill",reason="retry"}': 2,
      'hookwave_deliveries_waiting{endpoint="ill",reason="rate_limited"}': 3,
      'hookwave_deliveries_waiting{endpoint="ill",reason="breaker_open"}': 0,
      'hookwave_oldest_owed_age_seconds{endpoint="ill"}': 9,
      'hookwave_endpoint_failing_seconds{endpoint="ill"}': 60,
      'hookwave_endpoint_disabling_ratio{endpoint="ill"}': 0.25,
    });
    found = NOTHING_WAITS;
    expect(await seriesOf(metrics, "hookwave_deliveries_waiting", "ill")).toEqual([]);
    // What it was heard of may not have been written yet.
    await metrics.expose();
    nowMs += 60_000;
    await metrics.expose();
    await metrics.expose();
    expect(asked).toEqual([["ill"], ["ill"], ["ill"], ["ill"], []]);
  });

  it("keeps endpoint labels below the bound; the rest share one that shows the worst of them", async () => {
    const metrics = metricsAfter([breaker("a", "open"), breaker("b", "open"), breaker("c", "half_open")], 1);
    const states = async (): Promise<object> =>
      Object.fromEntries(
        Object.entries(await samples(metrics)).filter(([name]) => name.includes("circuit_breaker")),
      );
    const state = (endpoint: string): string => `hookwave_circuit_breaker_state{endpoint="${endpoint}"}`;
    expect(await states()).toEqual({ [state("a")]: 2, [state("other")]: 2 });
    metrics.tell(breaker("b", "closed"));
    expect(await states()).toEqual({ [state("a")]: 2, [state("other")]: 1 });
    metrics.tell(breaker("c", "closed"));
    metrics.tell(breaker("a", "half_open"));
    expect(await states()).toEqual({ [state("a")]: 1, [state("other")]: 0 });
  });

  it("shows the breaker of an origin among the rest, for its name leads nowhere", async () => {
    const origin = breakerChanged(asOrigin("https://gone.example"), "open");
    const shown = await samples(metricsAfter([origin]));
    expect(shown).toHaveProperty('hookwave_circuit_breaker_state{endpoint="other"}', 2);
    expect(Object.keys(shown).filter((series) => series.includes("gone.example"))).toEqual([]);
  });

  it("stays small with 100,000 endpoints in trouble", async () => {
    const metrics = metricsAfter([], 200);
    const before = (await metrics.expose()).length;
    for (let index = 0; index < 100_000; index += 1) metrics.tell(breaker(`ep_${index}`, "open"));
    expect((await metrics.expose()).length - before).toBeLessThan(200 * 7 * 80);
  });

  it("has a registry of its own, with the process's metrics, so that two can live in one process", async () => {
    const [one, other] = [metricsAfter([ONE_OF_EACH["events.published"]]), metricsAfter([])];
    expect(await samples(one)).toHaveProperty("hookwave_events_published_total", 3);
    expect(await samples(other)).toHaveProperty("hookwave_events_published_total", 0);
    expect(await one.expose()).toContain("process_resident_memory_bytes");
    expect(one.contentType).toContain("text/plain; version=0.0.4");
  });
});
