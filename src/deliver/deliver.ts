/**
 * One attempt of one delivery: look up → admit → sign → guard → POST → classify → decide → record → tell, and what the
 * endpoint's breaker learns from it. A receiver's failure comes out as a verdict. Only a failure of our own is thrown: before the
 * record nothing has been charged to the endpoint, after it a re-run takes what was recorded. (The guard sits in the
 * transport, where addresses are known.)
 */
import { setTimeout as pause } from "node:timers/promises";
import { type AttemptRecord, pastAttempt } from "../core/attempt.ts";
import type { EndpointId } from "../core/brand.ts";
import { type Delivery, deliveryId, stateAfter } from "../core/delivery.ts";
import type { Endpoint } from "../core/endpoint.ts";
import { isPastEnd } from "../core/event.ts";
import type { Tell } from "../core/happening.ts";
import { insistOnLease, type JobLease } from "../core/job-lease.ts";
import type { HoldReason, Outcome } from "../core/outcome.ts";
import type { System } from "../core/system.ts";
import { type AttemptVerdict, type BuryReason, decide, decideHold, type Verdict } from "../core/verdict.ts";
import { addresseeOf, registeredId } from "../endpoints/destinations.ts";
import { profiles } from "../wire/profiles.ts";
import type { AdmissionByBoth, BothBreakers } from "./both-breakers.ts";
import { classify } from "./classify.ts";
import type { ConcurrencyLimits } from "./concurrency-limits.ts";
import { requestTo } from "./outgoing.ts";
import type {
  AttemptSpan,
  BeginAttempt,
  EndpointDirectory,
  Exchange,
  FleetRate,
  OutgoingRequest,
  RecordAttempt,
  Transport,
} from "./ports.ts";

export interface DeliverDeps {
  readonly endpoints: EndpointDirectory;
  readonly transport: Transport;
  readonly limits: ConcurrencyLimits;
  readonly breakers: BothBreakers;
  readonly rate: FleetRate;
  readonly record: RecordAttempt;
  readonly tell: Tell;
  readonly system: System;
  readonly holdMaxAgeMs: number;
  /** This process is draining the endpoint's line: what is new goes behind those that are in it. */
  readonly isDraining: (id: EndpointId) => boolean;
  /** Null where there are no traces. */
  readonly beginSpan: BeginAttempt | null;
}

export interface Decided {
  readonly verdict: Verdict;
  /** The delivery with what was just tried. */
  readonly delivery: Delivery;
}

/**
 * Rejects with JOB_LOST, and sends nothing, when `holdsLease` no longer holds as the POST is to begin. `isFromLine`: it
 * comes from the head of its endpoint's line, and goes before what is new.
 */
export type Deliver = (delivery: Delivery, holdsLease: JobLease, isFromLine?: boolean) => Promise<Decided>;

export function createDeliver(deps: DeliverDeps): Deliver {
  return async (delivery, holdsLease, isFromLine = false) => {
    const found = await findAddressee(delivery, deps);
    if (typeof found === "string") return buriedUntried(delivery, found);

    const admission = await admit(found, delivery, isFromLine, deps);
    if (typeof admission === "string") return buriedUntried(delivery, admission);
    if (admission.kind === "held") return held(delivery, found, admission, isFromLine, deps);

    const { endpoint } = admission;
    const attempt = await send(delivery, endpoint, holdsLease, deps);
    const settled = await conclude(delivery, endpoint, attempt, deps);
    await deps.breakers.report(endpoint, attempt.outcome, admission);
    return settled;
  };
}

/**
 * The endpoint, or the reason why it is owed nothing by now. Of one that is not there, or has become another, Redis is
 * asked: another process may have added it a moment ago.
 */
async function findAddressee(
  delivery: Delivery,
  { endpoints, system }: DeliverDeps,
): Promise<Endpoint | BuryReason> {
  let endpoint = addresseeOf(delivery, endpoints);
  if (endpoint === undefined) {
    await endpoints.reload(registeredId(delivery));
    endpoint = addresseeOf(delivery, endpoints);
  }
  if (endpoint === undefined) return "endpoint_missing";
  if (!endpoint.isActive) return "endpoint_disabled";
  return isPastEnd(delivery.event, system.now()) ? "expired" : endpoint;
}

interface Attempt {
  readonly startedAtMs: number;
  readonly durationMs: number;
  readonly bodyBytes: number;
  readonly outcome: Outcome;
  readonly excerpt: string;
  readonly traceparent: string | null;
}

/** sign → guard → POST → classify, and what the endpoint's limit learns from it. */
async function send(
  delivery: Delivery,
  endpoint: Endpoint,
  holdsLease: JobLease,
  deps: DeliverDeps,
): Promise<Attempt> {
  const { system, transport, limits } = deps;
  const startedAtMs = system.now();
  const startedMonotonicMs = system.monotonicMs();
  let durationMs: number | null = null;
  let outcome: Outcome | null = null;
  const span = deps.beginSpan === null ? null : deps.beginSpan(delivery, endpoint);
  try {
    const attemptNumber = delivery.attempts.length + 1;
    const moment = { startedAtMs, attemptNumber, nonce: system.uuid(), trace: span?.context };
    const request = requestTo(endpoint, delivery.event, moment);
    // After all the waiting for a turn, a place and a probe, in which an outage may have gone by.
    insistOnLease(holdsLease);
    const exchange = await post(request, span, transport);
    durationMs = Math.round(system.monotonicMs() - startedMonotonicMs);
    outcome = classify(exchange, system.now());
    const bodyBytes = Buffer.byteLength(request.body);
    const traceparent = span?.context.traceparent ?? null;
    return { startedAtMs, durationMs, bodyBytes, outcome, excerpt: excerptOf(exchange), traceparent };
  } finally {
    span?.end(outcome);
    limits.leave(endpoint.id, durationMs, outcome);
  }
}

const post = (request: OutgoingRequest, span: AttemptSpan | null, transport: Transport): Promise<Exchange> =>
  span === null ? transport.post(request) : span.within(() => transport.post(request));

/** decide → record → tell. */
async function conclude(
  delivery: Delivery,
  endpoint: Endpoint,
  attempt: Attempt,
  deps: DeliverDeps,
): Promise<Decided> {
  const { system, record, tell } = deps;
  const { retrySchedule, profile } = endpoint;
  const attemptNumber = delivery.attempts.length + 1;
  const policy = { retrySchedule, isFinal: profiles[profile].isFinal };
  const verdict = decide(attempt.outcome, policy, { attemptNumber, dice: system.dice() });
  const entry = entryFor(delivery, endpoint, attempt, verdict, system);
  const attempts = [...delivery.attempts, pastAttempt(entry)];
  const nowMs = system.now();
  const state = stateAfter(verdict, attempts, delivery, nowMs);
  const recordText = JSON.stringify(entry);
  const { acceptedAt } = delivery;
  await record({ record: entry, recordText, acceptedAt, state, excerpt: attempt.excerpt });
  tell({
    kind: "attempt.finished",
    record: entry,
    recordText,
    latencyMs: verdict.kind === "complete" && delivery.round === 0 ? Math.max(0, nowMs - acceptedAt) : null,
    firstDelayMs: isPrompt(delivery) ? Math.max(0, attempt.startedAtMs - acceptedAt) : null,
  });
  const isGone = verdict.kind === "bury" && verdict.because === "gone";
  // A destination is not registered anywhere: there is nothing to disable.
  if (isGone && delivery.destination === undefined) await disable(endpoint, deps);
  return { verdict, delivery: { ...delivery, attempts, heldSince: null } };
}

/** Its first attempt, which nothing of the receiver held back: the wait before it was our own. */
const isPrompt = ({ round, attempts, heldSince }: Delivery): boolean =>
  round === 0 && attempts.length === 0 && heldSince === null;

interface Admitted extends Pick<AdmissionByBoth, "isProbe" | "isOriginProbe"> {
  readonly kind: "admitted";
  /** As it is by now. */
  readonly endpoint: Endpoint;
}
interface Held {
  readonly kind: "held";
  readonly reason: HoldReason;
  readonly forMs: number;
}

/**
 * An open breaker is asked before the others, so that what cannot go does not wait its turn; and once more after. What
 * is new goes behind those that wait in the endpoint's line, as far as this process knows. A turn of the endpoint's rate
 * is waited for outside its concurrency limit, which is for POSTs that are open. After all this waiting the endpoint is
 * looked up again: it may have been disabled, or sign with another secret.
 */
async function admit(
  endpoint: Endpoint,
  delivery: Delivery,
  isFromLine: boolean,
  deps: DeliverDeps,
): Promise<Admitted | Held | BuryReason> {
  const { breakers, limits } = deps;
  const probeDueInMs = breakers.probeDueInMs(endpoint);
  if (probeDueInMs > 0) return heldFor("breaker_open", probeDueInMs);
  if (!isFromLine && deps.isDraining(endpoint.id)) return heldFor("busy", 0);
  const overRateMs = await takeTurn(endpoint, delivery.heldSince !== null || isFromLine, deps);
  if (overRateMs > 0) return heldFor("rate_limited", overRateMs);
  if (!(await limits.enter(endpoint, isFromLine))) return heldFor("busy", 0);
  let isAdmitted = false;
  try {
    const found = await findAddressee(delivery, deps);
    if (typeof found === "string") return found;
    const { holdMs, ...probes } = await breakers.admit(found, found.timeoutMs + PROBE_LEASE_SPARE_MS);
    isAdmitted = holdMs === 0;
    return isAdmitted ? { kind: "admitted", endpoint: found, ...probes } : heldFor("breaker_open", holdMs);
  } finally {
    // Also when asking failed: a place in the limit that nobody gives back is lost until the worker restarts.
    if (!isAdmitted) limits.leave(endpoint.id, null, null);
  }
}

/** Resolves with 0 when it is this delivery's turn, else with how long to hold it, in ms. */
async function takeTurn(
  { id, rateLimit }: Endpoint,
  hasWaited: boolean,
  { rate }: DeliverDeps,
): Promise<number> {
  if (rateLimit === null) return 0;
  const { kind, inMs } = await rate.enter(id, rateLimit, hasWaited);
  if (kind === "hold") return inMs;
  if (inMs > 0) await pause(inMs);
  return 0;
}

const PROBE_LEASE_SPARE_MS = 2_000;

const heldFor = (reason: HoldReason, forMs: number): Held => ({
  kind: "held",
  reason,
  forMs: Math.ceil(forMs),
});

function held(
  delivery: Delivery,
  { id: endpointId }: Endpoint,
  { reason, forMs }: Held,
  isFromLine: boolean,
  deps: DeliverDeps,
): Decided {
  // One that stays in its line has been told of.
  if (!isFromLine)
    deps.tell({ kind: "delivery.held", deliveryId: deliveryId(delivery), endpointId, reason, forMs });
  const nowMs = deps.system.now();
  const heldSince = delivery.heldSince ?? nowMs;
  const verdict = decideHold(forMs, nowMs - heldSince, deps.holdMaxAgeMs);
  return { verdict, delivery: { ...delivery, heldSince } };
}

function entryFor(
  delivery: Delivery,
  endpoint: Endpoint,
  attempt: Attempt,
  verdict: AttemptVerdict,
  system: System,
): AttemptRecord {
  const { outcome } = attempt;
  return {
    attemptId: `atm_${system.uuid()}`,
    deliveryId: deliveryId(delivery),
    eventId: delivery.event.id,
    eventType: delivery.event.type,
    endpointId: endpoint.id,
    profile: endpoint.profile,
    attemptNumber: delivery.attempts.length + 1,
    round: delivery.round,
    startedAt: new Date(attempt.startedAtMs).toISOString(),
    durationMs: attempt.durationMs,
    bodyBytes: attempt.bodyBytes,
    outcome: outcome.kind,
    status: "status" in outcome ? outcome.status : null,
    reason: "reason" in outcome ? outcome.reason : null,
    verdict: verdict.kind,
    nextInMs: "inMs" in verdict ? verdict.inMs : null,
    because: verdict.kind === "bury" ? verdict.because : null,
    traceparent: attempt.traceparent,
  };
}

async function disable(endpoint: Endpoint, deps: DeliverDeps): Promise<void> {
  const because = "the receiver said it is gone";
  if (await deps.endpoints.disable(endpoint, because))
    deps.tell({ kind: "endpoint.disabled", endpointId: endpoint.id, because });
}

function buriedUntried(delivery: Delivery, because: BuryReason): Decided {
  return { verdict: { kind: "bury", because }, delivery };
}

const excerptOf = (exchange: Exchange): string => (exchange.kind === "answered" ? exchange.excerpt : "");
