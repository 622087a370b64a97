/**
 * An events job: claims each event once, finds who is owed it, and makes the first attempts at once. What
 * cannot be settled right away gets a job of its own. Resolves when nothing of the batch depends on this job
 * any more; throws only for a failure of our own, and then the whole batch may safely run again.
 */
import type { EndpointId } from "../core/brand.ts";
import { type Claim, type Delivery, type DeliveryState, deliveryOf } from "../core/delivery.ts";
import { isDestinationId } from "../core/destination.ts";
import type { EventsBatch, PublishedEvent } from "../core/event.ts";
import type { Tell } from "../core/happening.ts";
import { insistOurs, type StillOurs } from "../core/still-ours.ts";
import type { System } from "../core/system.ts";
import type { BuryReason, Verdict } from "../core/verdict.ts";
import type { Deliver, Settled } from "./deliver.ts";
import { ownDestinations } from "./destinations.ts";
import { createGate, type Gate } from "./gate.ts";
import type { EndpointDirectory, EventLedger, Outbox, WaitingIndex } from "./ports.ts";
import { recall } from "./recall.ts";

export interface DispatchDeps {
  readonly ledger: EventLedger;
  readonly endpoints: EndpointDirectory;
  readonly deliver: Deliver;
  readonly outbox: Outbox;
  readonly waiting: WaitingIndex;
  readonly tell: Tell;
  readonly system: System;
}

/** First attempts in one job; the tail of a larger fan-out must not hold its slot. */
const FIRST_ATTEMPTS_MAX = 256;
/** First attempts in one worker, over all its jobs. */
const FIRST_ATTEMPTS_OPEN = 1_024;

/** `isOurs`: what has not been sent when it no longer holds is not sent, and the job's failure is JOB_LOST. */
export type Dispatch = (batch: EventsBatch, isOurs: StillOurs) => Promise<void>;

export function createDispatch(deps: DispatchDeps): Dispatch {
  const gate = createGate(FIRST_ATTEMPTS_OPEN);
  return async (batch, isOurs) => {
    const events = withoutRepeats(batch.events, deps.tell);
    const claims = await deps.ledger.claim({ ...batch, events });
    // What another run is sending at this moment looks as if nobody had begun it.
    insistOurs(isOurs);
    const owed = events.flatMap((event, index) => fanOut(event, claims[index], batch.acceptedAt, deps));
    const settling = owed.map((one, index) =>
      index < FIRST_ATTEMPTS_MAX ? firstAttempt(one, isOurs, gate, deps) : postpone(one.delivery, 0, deps),
    );
    // All of them come to an end before a failure is thrown: a re-run beside attempts still open would repeat them.
    const results = await Promise.allSettled(settling);
    const failure = results.find((result) => result.status === "rejected");
    if (failure !== undefined) throw failure.reason;
  };
}

interface Owed {
  readonly delivery: Delivery;
  /** What an earlier run of this job had already come to. */
  readonly recalled: Settled | null;
}

function fanOut(
  event: PublishedEvent,
  claim: Claim | undefined,
  acceptedAt: number,
  deps: DispatchDeps,
): readonly Owed[] {
  if (claim === undefined || claim.kind === "taken") {
    deps.tell({ kind: "event.duplicated", eventId: event.id });
    return [];
  }
  const at = claim.kind === "again" ? claim.acceptedAt : acceptedAt;
  const toEndpoint = deliveryOf(event, at);
  const subscribed = deps.endpoints.subscribedTo(event.type, at).map(({ id }) => toEndpoint(id));
  const named = ownDestinations(event).entries();
  const owed = [...subscribed, ...named.map(([id, destination]) => ({ ...toEndpoint(id), destination }))];
  if (claim.kind === "fresh") return owed.map((delivery) => ({ delivery, recalled: null }));
  return owedStill(owed, claim.states, toEndpoint, deps.system.now());
}

/**
 * What a re-run finds. An attempt that was recorded is taken as it is, also when its endpoint subscribes no more:
 * what was to follow it (a retry, a dead letter) may not have been written. Without a record the first run may have
 * handed the delivery on, so it is handed on again, which does nothing where that was done.
 */
function owedStill(
  owed: readonly Delivery[],
  states: ReadonlyMap<EndpointId, DeliveryState>,
  toEndpoint: (id: EndpointId) => Delivery,
  nowMs: number,
): readonly Owed[] {
  const current = new Set(owed.map(({ endpointId }) => endpointId));
  const former = [...states.keys()].filter((id) => !current.has(id) && !isDestinationId(id));
  return [...owed, ...former.map(toEndpoint)].map((delivery) => {
    const recalled = recall(delivery, states.get(delivery.endpointId), nowMs);
    return { delivery, recalled: recalled ?? { verdict: HAND_ON, delivery } };
  });
}

const HAND_ON: Verdict = { kind: "hold", inMs: 0 };

async function firstAttempt(owed: Owed, isOurs: StillOurs, gate: Gate, deps: DispatchDeps): Promise<void> {
  const settled = owed.recalled ?? (await deliverThrough(gate, owed.delivery, isOurs, deps));
  const { verdict, delivery } = await buriedOrOver(settled, deps.ledger);
  switch (verdict.kind) {
    case "complete":
      return;
    case "retry":
    case "hold":
      return await postpone(delivery, verdict.inMs, deps);
    case "bury": {
      const buriedAt = new Date(deps.system.now()).toISOString();
      return await deps.outbox.bury({ kind: "delivery", delivery, because: verdict.because, buriedAt });
    }
  }
}

async function deliverThrough(
  gate: Gate,
  delivery: Delivery,
  isOurs: StillOurs,
  deps: DispatchDeps,
): Promise<Settled> {
  await gate.enter();
  try {
    return await deps.deliver(delivery, isOurs);
  } finally {
    gate.leave();
  }
}

/**
 * Before its letter is written, the ledger says that it is buried, also where no attempt was recorded that led to it.
 * What was cancelled while its last attempt was under way gets no letter.
 */
async function buriedOrOver(settled: Settled, ledger: EventLedger): Promise<Settled> {
  const { verdict, delivery } = settled;
  if (verdict.kind !== "bury" || (await ledger.bury(delivery, verdict.because))) return settled;
  return { verdict: { kind: "complete" }, delivery };
}

async function postpone(delivery: Delivery, inMs: number, deps: DispatchDeps): Promise<void> {
  await deps.waiting.add(delivery);
  await deps.outbox.schedule(delivery, inMs);
}

function withoutRepeats(events: readonly PublishedEvent[], tell: Tell): readonly PublishedEvent[] {
  const seen = new Set<string>();
  return events.filter((event) => {
    if (!seen.has(event.id)) {
      seen.add(event.id);
      return true;
    }
    tell({ kind: "event.duplicated", eventId: event.id });
    return false;
  });
}

export type ResumeDeps = Pick<DispatchDeps, "ledger" | "deliver" | "waiting" | "system">;

/** What deliveries with a job of their own need: another attempt, or an end without one. */
export interface Resume {
  /** What is already recorded is taken, anything else is tried. */
  readonly resume: Deliver;
  /** What is already recorded is taken, anything else is buried. */
  readonly giveUp: (delivery: Delivery, because: BuryReason) => Promise<Settled>;
}

export function createResume({ ledger, deliver, waiting, system }: ResumeDeps): Resume {
  const settle = async (delivery: Delivery, otherwise: () => Promise<Settled>): Promise<Settled> => {
    const state = await ledger.stateOf(delivery);
    const reached = recall(delivery, state, system.now()) ?? (await otherwise());
    const settled = await buriedOrOver(reached, ledger);
    const isOver = settled.verdict.kind === "complete" || settled.verdict.kind === "bury";
    await (isOver ? waiting.remove(delivery) : waiting.add(delivery));
    return settled;
  };
  return {
    resume: (delivery, isOurs) => settle(delivery, () => deliver(delivery, isOurs)),
    giveUp: (delivery, because) =>
      settle(delivery, () => Promise.resolve({ verdict: { kind: "bury", because }, delivery })),
  };
}
