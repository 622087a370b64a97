/**
 * An events job: claims each event once, finds who is owed it, and makes the first attempts at once. What
 * cannot be settled right away gets a job of its own. Resolves when nothing of the batch depends on this job
 * any more; throws only for a failure of our own, and then the whole batch may safely run again.
 */
import type { Delivery } from "../core/delivery.ts";
import type { PublishedEvent } from "../core/event.ts";
import type { Tell } from "../core/happening.ts";
import type { System } from "../core/system.ts";
import type { Deliver, Settled } from "./deliver.ts";
import { ownDestinations } from "./destinations.ts";
import { createGate, type Gate } from "./gate.ts";
import type { Claim, EndpointDirectory, EventLedger, Outbox, WaitingIndex } from "./ports.ts";
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

export interface EventsBatch {
  readonly events: readonly PublishedEvent[];
  readonly holder: string;
  /** Epoch ms at which they were stored. */
  readonly acceptedAt: number;
}

/** First attempts in one job; the tail of a larger fan-out must not hold its slot. */
const FIRST_ATTEMPTS_MAX = 256;
/** First attempts in one worker, over all its jobs. */
const FIRST_ATTEMPTS_OPEN = 1_024;

export function createDispatch(deps: DispatchDeps): (batch: EventsBatch) => Promise<void> {
  const gate = createGate(FIRST_ATTEMPTS_OPEN);
  return async (batch) => {
    const events = withoutRepeats(batch.events, deps.tell);
    const claims = await deps.ledger.claim(events, batch.holder);
    const owed = events.flatMap((event, index) => fanOut(event, claims[index], batch.acceptedAt, deps));
    const settling = owed.map((one, index) =>
      index < FIRST_ATTEMPTS_MAX ? firstAttempt(one, gate, deps) : postpone(one.delivery, 0, deps),
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
  return deliveriesOf(event, acceptedAt, deps.endpoints).map((delivery) => {
    const state = claim.kind === "again" ? claim.states.get(delivery.endpointId) : null;
    return { delivery, recalled: recall(delivery, state, deps.system.now()) };
  });
}

/** One to each endpoint that subscribed, and one to each destination; none carries the destinations of the others. */
function deliveriesOf(
  published: PublishedEvent,
  acceptedAt: number,
  endpoints: EndpointDirectory,
): readonly Delivery[] {
  const { destinations: _, ...event } = published;
  const fresh = { event, acceptedAt, attempts: [], round: 0, heldSince: null };
  const subscribed = endpoints.subscribedTo(event.type).map(({ id }) => ({ ...fresh, endpointId: id }));
  const named = ownDestinations(published).entries();
  return [
    ...subscribed,
    ...named.map(([endpointId, destination]) => ({ ...fresh, endpointId, destination })),
  ];
}

async function firstAttempt(owed: Owed, gate: Gate, deps: DispatchDeps): Promise<void> {
  const { verdict, delivery } = owed.recalled ?? (await deliverThrough(gate, owed.delivery, deps));
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

async function deliverThrough(gate: Gate, delivery: Delivery, deps: DispatchDeps): Promise<Settled> {
  await gate.enter();
  try {
    return await deps.deliver(delivery);
  } finally {
    gate.leave();
  }
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

/** A delivery with a job of its own: what is already recorded is taken, anything else is tried. */
export function createResume({ ledger, deliver, waiting, system }: ResumeDeps): Deliver {
  return async (delivery) => {
    const state = await ledger.stateOf(delivery.event.id, delivery.endpointId);
    const settled = recall(delivery, state, system.now()) ?? (await deliver(delivery));
    const isOver = settled.verdict.kind === "complete" || settled.verdict.kind === "bury";
    await (isOver ? waiting.remove(delivery) : waiting.add(delivery));
    return settled;
  };
}
