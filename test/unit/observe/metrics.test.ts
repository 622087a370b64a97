import { describe, expect, it } from "vitest";
import { asEndpointId, asOrigin } from "../../../src/core/brand.ts";
import { PROFILE_NAMES } from "../../../src/core/endpoint.ts";
import { type BreakerState, breakerChanged, type Happening } from "../../../src/core/happening.ts";
import { OUTCOME_KINDS } from "../../../src/core/outcome.ts";
import { createMetrics, type Metrics, type MetricsOptions } from "../../../src/observe/metrics.ts";
import { attemptFinished, delivered, ONE_OF_EACH, refused } from "./happenings.ts";

const readQueues: MetricsOptions["readQueues"] = async () => ({
  new: { depth: 3, oldestAgeMs: 1_500 },
  retrying: { depth: 2, oldestAgeMs: 60_000 },
  dead: { depth: 0, oldestAgeMs: 0 },
});

function metricsAfter(happenings: readonly Happening[], endpointLabels = 200): Metrics {
  const metrics = createMetrics({ readMissing: async () => 0, endpointLabels, readQueues, tell: () => {} });
  for (const happening of happenings) metrics.tell(happening);
  return metrics;
}

/** The exposed samples of our own metrics: series → value. */
async function samples(metrics: Metrics): Promise<Readonly<Record<string, number>>> {
  const lines = (await metrics.expose()).matchAll(/^(hookwave_\S+) (\S+)$/gm);
  return Object.fromEntries(lines.map(([, series, value]) => [series, Number(value)]));
}

const finished = (record = delivered, latencyMs: number | null = null): Happening =>
  attemptFinished(record, latencyMs);

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
      'hookwave_attempts_total{outcome="unreachable",profile="standard"}': 0,
      'hookwave_holds_total{reason="busy"}': 0,
      'hookwave_dead_letters_total{reason="poison"}': 0,
      'hookwave_circuit_breaker_state{endpoint="other"}': 0,
    });
    expect(Object.keys(series).filter((name) => name.startsWith("hookwave_attempts_total"))).toHaveLength(
      OUTCOME_KINDS.length * PROFILE_NAMES.length,
    );
  });

  it("counts each kind of happening where it belongs", async () => {
    expect(await samples(metricsAfter(Object.values(ONE_OF_EACH)))).toMatchObject({
      hookwave_events_published_total: 3,
      hookwave_events_duplicated_total: 1,
      hookwave_service_failures_total: 1,
      'hookwave_attempts_total{outcome="delivered",profile="hokusai"}': 1,
      'hookwave_holds_total{reason="breaker_open"}': 1,
      'hookwave_dead_letters_total{reason="exhausted"}': 1,
      'hookwave_dead_letters_total{reason="invalid"}': 1,
      'hookwave_circuit_breaker_state{endpoint="ep_1"}': 2,
    });
  });

  it("observes one attempt once, in seconds, and the latency only of what was delivered", async () => {
    expect(await samples(metricsAfter([finished(refused), finished(delivered, 2_400)]))).toMatchObject({
      hookwave_attempt_duration_seconds_count: 2,
      hookwave_attempt_duration_seconds_sum: 0.024,
      'hookwave_attempt_duration_seconds_bucket{le="0.01"}': 0,
      'hookwave_attempt_duration_seconds_bucket{le="0.025"}': 2,
      hookwave_delivery_latency_seconds_count: 1,
      hookwave_delivery_latency_seconds_sum: 2.4,
      hookwave_retries_total: 1,
    });
  });

  it("reads the queues anew for each scrape", async () => {
    expect(await samples(metricsAfter([]))).toMatchObject({
      'hookwave_queue_depth{queue="new"}': 3,
      'hookwave_queue_oldest_age_seconds{queue="new"}': 1.5,
      'hookwave_queue_oldest_age_seconds{queue="retrying"}': 60,
      'hookwave_queue_depth{queue="dead"}': 0,
    });
  });

  it("leaves the queues out while they cannot be read, says so, and still shows the rest", async () => {
    const answers = [readQueues, () => Promise.reject(new Error("Connection is closed."))];
    const told: Happening[] = [];
    const metrics = createMetrics({
      readMissing: async () => 0,
      endpointLabels: 200,
      readQueues: () => (answers.shift() ?? readQueues)(),
      tell: (happening) => told.push(happening),
    });
    await metrics.expose();
    const blind = await samples(metrics);
    expect(Object.keys(blind).filter((series) => series.startsWith("hookwave_queue"))).toEqual([]);
    expect(blind).toHaveProperty("hookwave_retries_total", 0);
    expect(told).toMatchObject([{ kind: "service.failed", doing: "read_queues" }]);
    expect(await samples(metrics)).toHaveProperty('hookwave_queue_depth{queue="new"}', 3);
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
    expect((await metrics.expose()).length - before).toBeLessThan(200 * 64);
  });

  it("has a registry of its own, with the process's metrics, so that two can live in one process", async () => {
    const [one, other] = [metricsAfter([ONE_OF_EACH["events.published"]]), metricsAfter([])];
    expect(await samples(one)).toHaveProperty("hookwave_events_published_total", 3);
    expect(await samples(other)).toHaveProperty("hookwave_events_published_total", 0);
    expect(await one.expose()).toContain("process_resident_memory_bytes");
    expect(one.contentType).toContain("text/plain; version=0.0.4");
  });
});
