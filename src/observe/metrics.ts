/**
 * The metrics: what happened, counted for Prometheus in a registry of their own. Labels come only from closed
 * sets, and every series of such a set exists at 0 from the start, so that a rate has something to start from.
 */
import { collectDefaultMetrics, Registry } from "prom-client";
import type { AttemptRecord } from "../core/attempt.ts";
import { isDestinationId } from "../core/destination.ts";
import { type BreakerState, type Happening, type Tell, tellFailure } from "../core/happening.ts";
import { PHASES } from "../core/migration.ts";
import { QUEUE_STATES, type QueueCounts } from "../core/queue-counts.ts";
import { type BreakerLabels, createBreakerLabels } from "./breaker-labels.ts";
import { BUS_RESULTS, createInstruments, type Instruments } from "./instruments.ts";

export interface MetricsOptions {
  /** The number of endpoints that get a label of their own. */
  readonly endpointLabels: number;
  /** Called once per scrape, so it must settle within a scrape's patience (a second or two), by rejecting if need be. */
  readonly readQueues: () => Promise<QueueCounts>;
  /** Events that one of the two ways has not had in time. */
  readonly readMissing: () => Promise<number>;
  /** Hears of failures to read the queues. */
  readonly tell: Tell;
}

export interface Metrics {
  /** The listener that counts. */
  readonly tell: Tell;
  /**
   * All metrics in Prometheus' text format; reads the queues first. When they cannot be read, their gauges are
   * left out rather than shown with old values. Never rejects.
   */
  readonly expose: () => Promise<string>;
  readonly contentType: string;
}

export function createMetrics(options: MetricsOptions): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const instruments = createInstruments(registry);
  const labels = createBreakerLabels(options.endpointLabels);
  return {
    tell: (happening) => count(instruments, labels, happening),
    expose: async () => {
      await Promise.all([gaugeQueues(instruments, options), gaugeParity(instruments, options)]);
      return registry.metrics();
    },
    contentType: registry.contentType,
  };
}

const BREAKER_LEVELS: Readonly<Record<BreakerState, number>> = { closed: 0, half_open: 1, open: 2 };

function count(instruments: Instruments, labels: BreakerLabels, happening: Happening): void {
  switch (happening.kind) {
    case "attempt.finished":
      countAttempt(instruments, happening.record, happening.latencyMs);
      break;
    case "events.published":
      instruments.published.inc(happening.count);
      break;
    case "event.duplicated":
      instruments.duplicated.inc();
      break;
    case "delivery.held":
      instruments.holds.inc({ reason: happening.reason });
      break;
    case "delivery.buried":
    case "job.buried":
      instruments.deadLetters.inc({ reason: happening.because });
      break;
    case "breaker.changed": {
      // A reader of the metric can look up an endpoint; a destination's id leads nowhere and never comes back.
      const id = happening.endpointId ?? happening.origin;
      if (id === null || isDestinationId(id)) break;
      const { label, state } = labels.note(id, happening.state);
      instruments.breakerState.set({ endpoint: label }, BREAKER_LEVELS[state]);
      break;
    }
    case "service.failed":
      instruments.serviceFailures.inc();
      break;
    case "bus.written":
      countBusWrites(instruments, happening);
      break;
    case "phase.changed":
      for (const phase of PHASES) instruments.phase.set({ phase }, phase === happening.phase ? 1 : 0);
      break;
    case "endpoint.disabled":
    case "service.noticed":
      break;
  }
}

function countBusWrites(
  { busWrites, busReceivers, busListLength }: Instruments,
  { receivers, listLength, ...happening }: Happening & { readonly kind: "bus.written" },
): void {
  for (const result of BUS_RESULTS) busWrites.inc({ result }, happening[result]);
  if (receivers !== null) busReceivers.set(receivers);
  if (listLength !== null) busListLength.set(listLength);
}

/** Thousands of times a second, at 1 to 2 µs; keeping prom-client's label children would save 0.05 of it. */
function countAttempt(instruments: Instruments, record: AttemptRecord, latencyMs: number | null): void {
  const { outcome, profile } = record;
  instruments.attempts.inc({ outcome, profile });
  instruments.attemptDuration.observe(record.durationMs / 1_000);
  if (latencyMs !== null) instruments.deliveryLatency.observe(latencyMs / 1_000);
  if (record.verdict === "retry") instruments.retries.inc();
}

async function gaugeParity(
  { parityMissing }: Instruments,
  { readMissing, tell }: MetricsOptions,
): Promise<void> {
  try {
    parityMissing.set(await readMissing());
  } catch (error) {
    parityMissing.reset();
    tellFailure(tell, "read_parity")(error);
  }
}

async function gaugeQueues(instruments: Instruments, { readQueues, tell }: MetricsOptions): Promise<void> {
  const { queueDepth, queueOldestAge } = instruments;
  try {
    const readings = await readQueues();
    for (const queue of QUEUE_STATES) {
      queueDepth.set({ queue }, readings[queue].depth);
      queueOldestAge.set({ queue }, readings[queue].oldestAgeMs / 1_000);
    }
  } catch (error) {
    queueDepth.reset();
    queueOldestAge.reset();
    tellFailure(tell, "read_queues")(error);
  }
}
