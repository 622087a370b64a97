/**
 * Every metric of ours with its name, help and labels: docs/observability.md lists exactly these, and a test says
 * so. Counting happens in metrics.ts.
 */
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import { PROFILE_NAMES } from "../core/endpoint.ts";
import { HOLD_REASONS, OUTCOME_KINDS } from "../core/outcome.ts";
import { QUEUE_STATES } from "../core/queue-counts.ts";
import { BURY_REASONS } from "../core/verdict.ts";
import { OTHER } from "./breaker-labels.ts";

const ATTEMPT_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30];
/** Up to the end of the default retry schedule (62 s) and of a day in an open breaker's hold. */
const LATENCY_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3_600, 86_400];

export interface Instruments {
  readonly published: Counter;
  readonly duplicated: Counter;
  readonly attempts: Counter<"outcome" | "profile">;
  readonly attemptDuration: Histogram;
  readonly deliveryLatency: Histogram;
  readonly retries: Counter;
  readonly holds: Counter<"reason">;
  readonly deadLetters: Counter<"reason">;
  readonly breakerState: Gauge<"endpoint">;
  readonly serviceFailures: Counter;
  readonly queueDepth: Gauge<"queue">;
  readonly queueOldestAge: Gauge<"queue">;
}

export function createInstruments(registry: Registry): Instruments {
  const instruments = {
    ...eventInstruments(registry),
    ...attemptInstruments(registry),
    ...stateInstruments(registry),
  };
  startAtZero(instruments);
  return instruments;
}

function eventInstruments(registry: Registry) {
  const registers = [registry];
  return {
    published: new Counter({
      name: "webhook_events_published_total",
      help: "Events stored durably.",
      registers,
    }),
    duplicated: new Counter({
      name: "webhook_events_duplicated_total",
      help: "Events that were not processed because their id had been published before.",
      registers,
    }),
    holds: new Counter({
      name: "webhook_holds_total",
      help: "Times a delivery was held back without an attempt.",
      labelNames: ["reason"],
      registers,
    }),
    deadLetters: new Counter({
      name: "webhook_dead_letters_total",
      help: "Deliveries and unreadable jobs given up.",
      labelNames: ["reason"],
      registers,
    }),
  };
}

function attemptInstruments(registry: Registry) {
  const registers = [registry];
  return {
    attempts: new Counter({
      name: "webhook_attempts_total",
      help: "Finished attempts.",
      labelNames: ["outcome", "profile"],
      registers,
    }),
    attemptDuration: new Histogram({
      name: "webhook_attempt_duration_seconds",
      help: "How long one attempt took, over the whole exchange.",
      buckets: ATTEMPT_SECONDS,
      registers,
    }),
    deliveryLatency: new Histogram({
      name: "webhook_delivery_latency_seconds",
      help: "From an event's acceptance to its delivery, waits and retries included.",
      buckets: LATENCY_SECONDS,
      registers,
    }),
    retries: new Counter({
      name: "webhook_retries_total",
      help: "Attempts that failed and will be repeated.",
      registers,
    }),
  };
}

function stateInstruments(registry: Registry) {
  const registers = [registry];
  return {
    breakerState: new Gauge({
      name: "webhook_circuit_breaker_state",
      help: "0 closed, 1 half-open, 2 open, for endpoints whose breaker has ever changed; `other` shows the worst of the rest.",
      labelNames: ["endpoint"],
      registers,
    }),
    serviceFailures: new Counter({
      name: "webhook_service_failures_total",
      help: "Failures of our own (not of receivers), such as an unreachable Redis; the log says which.",
      registers,
    }),
    queueDepth: new Gauge({
      name: "webhook_queue_depth",
      help: "Entries in the queue: jobs of new events, deliveries being retried or held, dead letters.",
      labelNames: ["queue"],
      registers,
    }),
    queueOldestAge: new Gauge({
      name: "webhook_queue_oldest_age_seconds",
      help: "Age of the oldest entry in the queue, or of the delivery due next among those being retried or held; 0 while it is empty.",
      labelNames: ["queue"],
      registers,
    }),
  };
}

function startAtZero({
  attempts,
  holds,
  deadLetters,
  breakerState,
  queueDepth,
  queueOldestAge,
}: Instruments): void {
  for (const outcome of OUTCOME_KINDS)
    for (const profile of PROFILE_NAMES) attempts.inc({ outcome, profile }, 0);
  for (const reason of HOLD_REASONS) holds.inc({ reason }, 0);
  for (const reason of BURY_REASONS) deadLetters.inc({ reason }, 0);
  for (const queue of QUEUE_STATES) for (const gauge of [queueDepth, queueOldestAge]) gauge.set({ queue }, 0);
  breakerState.set({ endpoint: OTHER }, 0);
}
