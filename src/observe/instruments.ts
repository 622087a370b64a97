/**
 * Every metric of ours with its name, help and labels: docs/metrics.md is rendered from here. Counting happens in
 * metrics.ts, and what is read at each scrape in gauges.ts.
 */
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import { CALLBACK_SIGNATURES } from "../core/callback.ts";
import { PROFILE_NAMES, type ProfileName } from "../core/endpoint.ts";
import { PHASES, UNTOUCHED } from "../core/migration.ts";
import { HOLD_REASONS } from "../core/outcome.ts";
import { BURY_REASONS } from "../core/verdict.ts";
import { OTHER } from "./endpoint-labels.ts";

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
/** Up to the end of the default retry schedule (62 s), and beyond it. */
const LATENCY_SECONDS = [...SECONDS, 300, 3_600];

/** The ends of an event that was to go onto the bus. */
export const BUS_RESULTS = ["written", "failed", "full"] as const;
/** The ends of an attempt, each with the class of the answer's status. */
const ENDS = [
  ["delivered", "2xx"],
  ["refused", "3xx"],
  ["refused", "4xx"],
  ["refused", "5xx"],
  ["unreachable", "none"],
  ["blocked", "none"],
] as const;
const ATTEMPTS = ["first", "later"] as const;

export type Instruments = ReturnType<typeof registerAll>;

export function createInstruments(registry: Registry): Instruments {
  const instruments = registerAll(registry);
  startAtZero(instruments);
  return instruments;
}

function registerAll(registry: Registry) {
  const makers = makersFor(registry);
  return {
    ...registerEvents(makers),
    ...registerAttempts(makers),
    ...registerWaiting(makers),
    ...registerInbox(makers),
    ...registerFleet(makers),
    ...registerMigration(makers),
  };
}

type Makers = ReturnType<typeof makersFor>;

function makersFor(registry: Registry) {
  const counter = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Counter({ name, help, labelNames, registers: [registry] });
  const histogram = <Label extends string>(
    name: string,
    help: string,
    buckets: number[],
    ...labelNames: Label[]
  ) => new Histogram({ name, help, buckets, labelNames, registers: [registry] });
  const gauge = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Gauge({ name, help, labelNames, registers: [registry] });
  return { counter, histogram, gauge };
}

function registerEvents({ counter, histogram }: Makers) {
  return {
    published: counter("hookwave_events_published_total", "Events stored durably."),
    duplicated: counter(
      "hookwave_events_duplicated_total",
      "Events that were not processed because their id had been published before.",
    ),
    firstAttemptDelay: histogram(
      "hookwave_first_attempt_delay_seconds",
      "From an event's acceptance to the beginning of its first attempt, where its receiver did not hold it back: ours alone.",
      LATENCY_SECONDS,
    ),
    deliveryLatency: histogram(
      "hookwave_delivery_latency_seconds",
      "From an event's acceptance to its delivery, waits and retries included.",
      LATENCY_SECONDS,
    ),
    deadLetters: counter("hookwave_dead_letters_total", "Deliveries and unreadable jobs given up.", "reason"),
  };
}

function registerAttempts({ counter, histogram, gauge }: Makers) {
  return {
    attempts: counter(
      "hookwave_attempts_total",
      "Finished attempts; `first` is a delivery's first one, of which nobody can say that another made up for it.",
      "endpoint",
      "profile",
      "outcome",
      "status_class",
      "attempt",
    ),
    attemptDuration: histogram(
      "hookwave_attempt_duration_seconds",
      "How long one attempt took, over the whole exchange.",
      SECONDS,
    ),
    retries: counter("hookwave_retries_total", "Attempts that failed and will be repeated."),
    holds: counter("hookwave_holds_total", "Times a delivery was held back without an attempt.", "reason"),
    inFlight: gauge("hookwave_in_flight", "POSTs of this process that are open."),
    breakerState: gauge(
      "hookwave_circuit_breaker_state",
      "0 closed, 1 half-open, 2 open, for endpoints whose breaker has ever changed; `other` shows the worst of the rest, and of origins.",
      "endpoint",
    ),
  };
}

function registerWaiting({ gauge }: Makers) {
  return {
    queueDepth: gauge(
      "hookwave_queue_depth",
      "Entries in the queue: jobs of new events, deliveries being retried or held, dead letters.",
      "queue",
    ),
    queueOverdue: gauge(
      "hookwave_queue_overdue_seconds",
      "How late the entry is that was due first (since it was first booked, where it was put back); 0 while none is due. Workers fall behind, or are gone.",
      "queue",
    ),
    waiting: gauge(
      "hookwave_deliveries_waiting",
      "Deliveries that wait, by endpoint and by what they wait for; of endpoints in trouble as this process knows them.",
      "endpoint",
      "reason",
    ),
    oldestOwed: gauge(
      "hookwave_oldest_owed_age_seconds",
      "Since the oldest delivery that waits for the endpoint was accepted; of endpoints in trouble.",
      "endpoint",
    ),
    failing: gauge(
      "hookwave_endpoint_failing_seconds",
      "Since the endpoint's first failure after its last success; of endpoints in trouble.",
      "endpoint",
    ),
    disabling: gauge(
      "hookwave_endpoint_disabling_ratio",
      "The part of DISABLE_AFTER for which the endpoint has failed without one success; at 1 it is disabled. Of endpoints in trouble.",
      "endpoint",
    ),
    tlsExpiry: gauge(
      "hookwave_tls_expiry_seconds",
      "Until the end of the certificate that the endpoint's receiver showed this process last; of those that end first.",
      "endpoint",
    ),
  };
}

function registerInbox({ counter }: Makers) {
  return {
    callbacks: counter(
      "hookwave_callbacks_total",
      "Callbacks received at /in, copies included, by what their signature is; `unsigned` where the source has no secret.",
      "source",
      "signature",
    ),
    callbacksRemoved: counter(
      "hookwave_callbacks_removed_total",
      "Accepted callbacks that were removed before their time, to make room for others.",
    ),
  };
}

function registerFleet({ counter, histogram, gauge }: Makers) {
  return {
    build: gauge(
      "hookwave_build_info",
      "1, for the version of this process and of its Node.",
      "version",
      "node",
    ),
    workers: gauge("hookwave_workers", "Workers that were heard of in the last half minute.", "version"),
    serviceFailures: counter(
      "hookwave_service_failures_total",
      "Failures of our own (not of receivers), such as an unreachable Redis; the log says which.",
    ),
    logDropped: counter(
      "hookwave_log_lines_dropped_total",
      "Lines of the log that could not be written, because its disk is full or nobody reads it.",
    ),
    redisMemory: gauge("hookwave_redis_memory_bytes", "Memory that Redis uses."),
    redisMemoryMax: gauge(
      "hookwave_redis_memory_max_bytes",
      "Memory that Redis may use; 0 is without a limit.",
    ),
    redisAofOk: gauge(
      "hookwave_redis_aof_ok",
      "0 while Redis cannot write, or rewrite, its append-only file; with REQUIRE_AOF also while it has none.",
    ),
    redisEvictsNothing: gauge(
      "hookwave_redis_evicts_nothing",
      "0 while Redis has another policy than noeviction, which throws accepted events away when memory is short.",
    ),
    clockSkew: gauge("hookwave_clock_skew_seconds", "Lead of this machine's clock over Redis'."),
    apiRequests: counter(
      "hookwave_api_requests_total",
      "HTTP requests answered, by route and by class of the status.",
      "method",
      "route",
      "status_class",
    ),
    apiDuration: histogram(
      "hookwave_api_request_duration_seconds",
      "How long answering a request took.",
      SECONDS,
      "method",
      "route",
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
      "Entries in the bus' list after this process' last push, however old; the longest where there are several lists.",
    ),
    parityMissing: gauge(
      "hookwave_parity_missing",
      "Events that the bus, or a webhook, was owed for longer than REDIS_FALLBACK_AFTER.",
    ),
  };
}

/** A series that exists at 0 has something for a rate to start from; so each endpoint's begin when it is first met. */
export function startAttempts({ attempts }: Instruments, endpoint: string, profile: ProfileName): void {
  for (const [outcome, status_class] of ENDS)
    for (const attempt of ATTEMPTS) attempts.inc({ endpoint, profile, outcome, status_class, attempt }, 0);
}

export function startCallbacks({ callbacks }: Instruments, source: string): void {
  for (const signature of CALLBACK_SIGNATURES) callbacks.inc({ source, signature }, 0);
}

function startAtZero(instruments: Instruments): void {
  const { holds, deadLetters, breakerState, phase: phases, busWrites } = instruments;
  for (const profile of PROFILE_NAMES) startAttempts(instruments, OTHER, profile);
  startCallbacks(instruments, OTHER);
  for (const reason of HOLD_REASONS) holds.inc({ reason }, 0);
  for (const reason of BURY_REASONS) deadLetters.inc({ reason }, 0);
  breakerState.set({ endpoint: OTHER }, 0);
  for (const phase of PHASES) phases.set({ phase }, phase === UNTOUCHED.phase ? 1 : 0);
  for (const result of BUS_RESULTS) busWrites.inc({ result }, 0);
}
