/**
 * Every metric of ours with its name, help and labels: docs/observability.md lists exactly these, and a test says
 * so. Counting happens in metrics.ts.
 */
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import { PROFILE_NAMES } from "../core/endpoint.ts";
import { PHASES, UNTOUCHED } from "../core/migration.ts";
import { HOLD_REASONS, OUTCOME_KINDS } from "../core/outcome.ts";
import { QUEUE_STATES } from "../core/queue-counts.ts";
import { BURY_REASONS } from "../core/verdict.ts";
import { OTHER } from "./breaker-labels.ts";

const ATTEMPT_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30];
/** Up to the end of the default retry schedule (62 s) and of a day in an open breaker's hold. */
const LATENCY_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3_600, 86_400];

/** The ends of an event that was to go onto the bus. */
export const BUS_RESULTS = ["written", "failed", "full"] as const;

export type Instruments = ReturnType<typeof registerAll>;

export function createInstruments(registry: Registry): Instruments {
  const instruments = registerAll(registry);
  startAtZero(instruments);
  return instruments;
}

function registerAll(registry: Registry) {
  const makers = makersFor(registry);
  return { ...registerOwn(makers), ...registerMigration(makers) };
}

type Makers = ReturnType<typeof makersFor>;

function makersFor(registry: Registry) {
  const counter = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Counter({ name, help, labelNames, registers: [registry] });
  const histogram = (name: string, help: string, buckets: number[]) =>
    new Histogram({ name, help, buckets, registers: [registry] });
  const gauge = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Gauge({ name, help, labelNames, registers: [registry] });
  return { counter, histogram, gauge };
}

function registerOwn({ counter, histogram, gauge }: Makers) {
  return {
    published: counter("hookwave_events_published_total", "Events stored durably."),
    duplicated: counter(
      "hookwave_events_duplicated_total",
      "Events that were not processed because their id had been published before.",
    ),
    holds: counter("hookwave_holds_total", "Times a delivery was held back without an attempt.", "reason"),
    deadLetters: counter("hookwave_dead_letters_total", "Deliveries and unreadable jobs given up.", "reason"),
    attempts: counter("hookwave_attempts_total", "Finished attempts.", "outcome", "profile"),
    attemptDuration: histogram(
      "hookwave_attempt_duration_seconds",
      "How long one attempt took, over the whole exchange.",
      ATTEMPT_SECONDS,
    ),
    deliveryLatency: histogram(
      "hookwave_delivery_latency_seconds",
      "From an event's acceptance to its delivery, waits and retries included.",
      LATENCY_SECONDS,
    ),
    retries: counter("hookwave_retries_total", "Attempts that failed and will be repeated."),
    breakerState: gauge(
      "hookwave_circuit_breaker_state",
      "0 closed, 1 half-open, 2 open, for endpoints whose breaker has ever changed; `other` shows the worst of the rest, and of origins.",
      "endpoint",
    ),
    serviceFailures: counter(
      "hookwave_service_failures_total",
      "Failures of our own (not of receivers), such as an unreachable Redis; the log says which.",
    ),
    queueDepth: gauge(
      "hookwave_queue_depth",
      "Entries in the queue: jobs of new events, deliveries being retried or held, dead letters.",
      "queue",
    ),
    queueOldestAge: gauge(
      "hookwave_queue_oldest_age_seconds",
      "Age of the oldest entry in the queue, or of the delivery due next among those being retried or held; 0 while it is empty.",
      "queue",
    ),
  };
}

function registerMigration({ counter, gauge }: Makers) {
  return {
    phase: gauge(
      "hookwave_migration_phase",
      "1 for the phase of the migration that this process obeys, 0 for the others.",
      "phase",
    ),
    busWrites: counter(
      "hookwave_bus_writes_total",
      "Events that were to go onto the legacy bus: written, failed (tried again later), or full (no room in the list).",
      "result",
    ),
    busReceivers: gauge(
      "hookwave_bus_receivers",
      "Listeners of the bus' channel at the last event; 0 when nobody listens.",
    ),
    busListLength: gauge(
      "hookwave_bus_list_length",
      "Entries in the bus' list after the last push; the longest where there are several lists.",
    ),
    parityMissing: gauge(
      "hookwave_parity_missing",
      "Events that the bus, or a webhook, was owed for longer than REDIS_FALLBACK_AFTER.",
    ),
  };
}

function startAtZero({
  attempts,
  holds,
  deadLetters,
  breakerState,
  queueDepth,
  queueOldestAge,
  phase: phases,
  busWrites,
}: Instruments): void {
  for (const outcome of OUTCOME_KINDS)
    for (const profile of PROFILE_NAMES) attempts.inc({ outcome, profile }, 0);
  for (const reason of HOLD_REASONS) holds.inc({ reason }, 0);
  for (const reason of BURY_REASONS) deadLetters.inc({ reason }, 0);
  for (const queue of QUEUE_STATES) for (const gauge of [queueDepth, queueOldestAge]) gauge.set({ queue }, 0);
  breakerState.set({ endpoint: OTHER }, 0);
  for (const phase of PHASES) phases.set({ phase }, phase === UNTOUCHED.phase ? 1 : 0);
  for (const result of BUS_RESULTS) busWrites.inc({ result }, 0);
}
