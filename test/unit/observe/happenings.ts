/** One happening of every kind, for the tests of everything that listens. */
import type { AttemptRecord } from "../../../src/core/attempt.ts";
import { asCallbackId, asDeliveryId, asEndpointId, asEventId, asSourceId } from "../../../src/core/brand.ts";
import type { Happening } from "../../../src/core/happening.ts";

export const endpointId = asEndpointId("ep_1");
const eventId = asEventId("evt_1");
const deliveryId = asDeliveryId("evt_1.ep_1");

export const delivered: AttemptRecord = {
  attemptId: "atm_1",
  deliveryId,
  eventId,
  eventType: "model.registered",
  endpointId,
  profile: "hokusai",
  attemptNumber: 1,
  round: 0,
  startedAt: "2025-11-03T09:00:00.000Z",
  durationMs: 12,
  bodyBytes: 812,
  outcome: "delivered",
  status: 200,
  reason: null,
  verdict: "complete",
  nextInMs: null,
  because: null,
  traceparent: null,
};

export const refused: AttemptRecord = {
  ...delivered,
  outcome: "refused",
  status: 503,
  verdict: "retry",
  nextInMs: 2_000,
};

export function attemptFinished(
  record: AttemptRecord,
  latencyMs: number | null = null,
  firstDelayMs: number | null = null,
) {
  const recordText = JSON.stringify(record);
  return { kind: "attempt.finished", record, recordText, latencyMs, firstDelayMs } as const;
}

/** A record, so that a new kind of happening does not compile until it is here. */
export const ONE_OF_EACH: { readonly [Kind in Happening["kind"]]: Extract<Happening, { kind: Kind }> } = {
  "events.published": { kind: "events.published", count: 3 },
  "event.duplicated": { kind: "event.duplicated", eventId },
  "attempt.finished": attemptFinished(delivered, 42),
  "delivery.held": { kind: "delivery.held", deliveryId, endpointId, reason: "breaker_open", forMs: 60_000 },
  "delivery.buried": { kind: "delivery.buried", deliveryId, because: "exhausted" },
  "job.buried": { kind: "job.buried", because: "invalid", problem: "no JSON" },
  "breaker.changed": { kind: "breaker.changed", endpointId, origin: null, state: "open" },
  "endpoint.failing": {
    kind: "endpoint.failing",
    endpointId,
    percent: 50,
    failedMs: 216_000_000,
    leftMs: 216_000_000,
  },
  "endpoint.recovered": { kind: "endpoint.recovered", endpointId },
  "endpoint.disabled": { kind: "endpoint.disabled", endpointId, because: "gone" },
  "bus.written": { kind: "bus.written", written: 3, failed: 0, full: 0, receivers: 1, listLength: 7 },
  "callback.received": {
    kind: "callback.received",
    source: asSourceId("llm"),
    callbackId: asCallbackId("cb_1"),
    signature: "invalid",
    code: "SIGNATURE_MISMATCH",
    isAccepted: false,
    copies: 1,
    bodyBytes: 812,
  },
  "callbacks.removed": { kind: "callbacks.removed", count: 3 },
  "source.unsigned": { kind: "source.unsigned", source: asSourceId("llm") },
  "phase.changed": { kind: "phase.changed", phase: "redis", by: "ann" },
  "service.noticed": { kind: "service.noticed", notice: "no AOF", detail: { appendonly: "no" } },
  "service.failed": {
    kind: "service.failed",
    doing: "record_attempts",
    error: { name: "Error", message: "READONLY", code: null },
  },
};
