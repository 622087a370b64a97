/**
 * The metrics: what happened, counted for Prometheus in a registry of their own. Labels come only from closed
 * sets, and every series of such a set exists at 0 from the start, so that a rate has something to start from.
 */
import { collectDefaultMetrics, Registry } from "prom-client";
import type { AnsweredRequest } from "../core/access.ts";
import type { SourceId } from "../core/brand.ts";
import { isDestinationId } from "../core/destination.ts";
import type { BreakerState, Happening, Tell } from "../core/happening.ts";
import { PHASES } from "../core/migration.ts";
import { type BreakerLabels, createBreakerLabels } from "./breaker-labels.ts";
import { EndpointLabels, OTHER } from "./endpoint-labels.ts";
import { type Readings, readGauges } from "./gauges.ts";
import {
  BUS_RESULTS,
  createInstruments,
  type Instruments,
  startAttempts,
  startCallbacks,
} from "./instruments.ts";
import { TroubledEndpoints } from "./troubled-endpoints.ts";

interface MetricsOptions {
  /** The number of endpoints that get a label of their own. */
  readonly endpointLabels: number;
  readonly version: string;
  /** Asked for at each scrape: they are wired after the metrics. */
  readonly readings: () => Readings;
  readonly monotonicMs: () => number;
  /** Hears of failures to read. */
  readonly tell: Tell;
}

export interface Metrics {
  /** The listener that counts. */
  readonly tell: Tell;
  readonly observeRequest: (request: AnsweredRequest) => void;
  /** Lines of the log, which cannot tell of them itself. */
  readonly countDroppedLines: (lines: number) => void;
  /**
   * All metrics in Prometheus' text format; reads first what the fleet shares. What cannot be read is left out rather
   * than shown with old values. Never rejects.
   */
  readonly expose: () => Promise<string>;
  readonly contentType: string;
}

/** Gauges that prom-client names like counters. */
const MISNAMED = ["handles", "requests", "resources"].map((what) => `nodejs_active_${what}_total`);

export function createMetrics(options: MetricsOptions): Metrics {
  const { endpointLabels, version, readings, monotonicMs, tell } = options;
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  const instruments = createInstruments(registry);
  instruments.build.set({ version, node: process.versions.node }, 1);
  const labels = {
    breakers: createBreakerLabels(endpointLabels),
    attempts: new EndpointLabels(endpointLabels),
    troubled: new TroubledEndpoints(endpointLabels, monotonicMs),
    sources: new EndpointLabels<SourceId>(endpointLabels),
  };
  return {
    tell: (happening) => count(instruments, labels, happening),
    observeRequest: (request) => countRequest(instruments, request),
    countDroppedLines: (lines) => instruments.logDropped.inc(lines),
    expose: async () => {
      await readGauges(instruments, readings(), labels.troubled, endpointLabels, tell);
      return registry.metrics();
    },
    contentType: registry.contentType,
  };
}

interface Labels {
  readonly breakers: BreakerLabels;
  /** Of endpoints that were asked. */
  readonly attempts: EndpointLabels;
  /** Of endpoints for which something waits, or that fail. */
  readonly troubled: TroubledEndpoints;
  readonly sources: EndpointLabels<SourceId>;
}

const BREAKER_LEVELS: Readonly<Record<BreakerState, number>> = { closed: 0, half_open: 1, open: 2 };

function count(instruments: Instruments, labels: Labels, happening: Happening): void {
  switch (happening.kind) {
    case "attempt.finished":
      countAttempt(instruments, labels, happening);
      break;
    case "events.published":
      instruments.published.inc(happening.count);
      break;
    case "event.duplicated":
      instruments.duplicated.inc();
      break;
    case "delivery.held":
      instruments.holds.inc({ reason: happening.reason });
      labels.troubled.note(happening.endpointId);
      break;
    case "delivery.buried":
    case "job.buried":
      instruments.deadLetters.inc({ reason: happening.because });
      break;
    case "breaker.changed":
      showBreaker(instruments, labels, happening);
      break;
    case "service.failed":
      instruments.serviceFailures.inc();
      break;
    case "bus.written":
      countBusWrites(instruments, happening);
      break;
    case "phase.changed":
      for (const phase of PHASES) instruments.phase.set({ phase }, phase === happening.phase ? 1 : 0);
      break;
    case "callback.received":
      countCallback(instruments, labels, happening);
      break;
    case "callbacks.removed":
      instruments.callbacksRemoved.inc(happening.count);
      break;
    case "source.unsigned":
      noteSource(instruments, labels, happening.source);
      break;
    case "endpoint.failing":
    case "endpoint.recovered":
    case "endpoint.disabled":
    case "service.noticed":
      break;
  }
}

function showBreaker(
  { breakerState }: Instruments,
  { breakers, troubled }: Labels,
  { endpointId, origin, state: changed }: Happening & { readonly kind: "breaker.changed" },
): void {
  // A reader of the metric can look up an endpoint; a destination's id leads nowhere and never comes back.
  const id = endpointId ?? origin;
  if (id === null || isDestinationId(id)) return;
  const { label, state } = breakers.note(id, changed);
  breakerState.set({ endpoint: label }, BREAKER_LEVELS[state]);
  if (endpointId !== null && changed === "open") troubled.note(endpointId);
}

function countBusWrites(
  { busWrites, busReceivers, busListLength }: Instruments,
  { receivers, listLength, ...happening }: Happening & { readonly kind: "bus.written" },
): void {
  for (const result of BUS_RESULTS) busWrites.inc({ result }, happening[result]);
  if (receivers !== null) busReceivers.set(receivers);
  if (listLength !== null) busListLength.set(listLength);
}

function countCallback(
  instruments: Instruments,
  labels: Labels,
  { source, signature }: Happening & { readonly kind: "callback.received" },
): void {
  instruments.callbacks.inc({ source: noteSource(instruments, labels, source), signature });
}

/** Its label, whose series begin at 0. */
function noteSource(instruments: Instruments, { sources }: Labels, id: SourceId): string {
  const isNew = !sources.has(id);
  const source = sources.of(id);
  if (isNew && source !== OTHER) startCallbacks(instruments, source);
  return source;
}

/** Thousands of times a second, at 1 to 2 µs; keeping prom-client's label children would save 0.05 of it. */
function countAttempt(
  instruments: Instruments,
  { attempts, troubled }: Labels,
  { record, latencyMs, firstDelayMs }: Happening & { readonly kind: "attempt.finished" },
): void {
  const { outcome, profile, status, verdict, endpointId } = record;
  const isNew = !attempts.has(endpointId);
  const endpoint = attempts.of(endpointId);
  if (isNew && endpoint !== OTHER) startAttempts(instruments, endpoint, profile);
  const attempt = record.attemptNumber === 1 ? "first" : "later";
  instruments.attempts.inc({ endpoint, profile, outcome, status_class: statusClass(status), attempt });
  instruments.attemptDuration.observe(record.durationMs / 1_000);
  if (latencyMs !== null) instruments.deliveryLatency.observe(latencyMs / 1_000);
  if (firstDelayMs !== null) instruments.firstAttemptDelay.observe(firstDelayMs / 1_000);
  if (verdict === "retry") instruments.retries.inc();
  if (verdict !== "complete") troubled.note(endpointId);
}

const statusClass = (status: number | null): string =>
  status === null ? "none" : `${Math.floor(status / 100)}xx`;

function countRequest(
  { apiRequests, apiDuration }: Instruments,
  { method, route, status, durationMs }: AnsweredRequest,
): void {
  const where = { method, route: route ?? "none" };
  apiRequests.inc({ ...where, status_class: statusClass(status) });
  apiDuration.observe(where, durationMs / 1_000);
}
