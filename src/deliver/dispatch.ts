/**
 * An events job: claims each event once, finds who is owed it, and makes the first attempts at once. What
 * cannot be settled right away gets a job of its own. Resolves when nothing of the batch depends on this job
 * any more; throws only for a failure of our own, and then the whole batch may safely run again.
 */
import { asEndpointId, type EndpointId } from "../core/brand.ts";
import {
  type Claim,
  type Delivery,
  type DeliveryState,
  deliveryOf,
  incarnationOf,
} from "../core/delivery.ts";
import { isDestinationId } from "../core/destination.ts";
import { owedTo } from "../core/endpoint.ts";
import type { PublishedEvent } from "../core/event.ts";
import type { Tell } from "../core/happening.ts";
import { insistOnLease, type JobInWork } from "../core/job-lease.ts";
import { subjectOf } from "../core/operator-event.ts";
import type { Verdict } from "../core/verdict.ts";
import { ownDestinations } from "../endpoints/destinations.ts";
import type { AttemptSlots } from "./attempt-slots.ts";
import { type CarryOutDeps, carryOut, NEVER_WAITED } from "./carry-out.ts";
import type { Decided, Deliver } from "./deliver.ts";
import type { Bus, Dispatch, EndpointDirectory, EventLedger, Outbox } from "./ports.ts";
import { recall } from "./recall.ts";

interface DispatchDeps extends CarryOutDeps {
  readonly ledger: EventLedger;
  readonly endpoints: EndpointDirectory;
  readonly deliver: Deliver;
  readonly slots: AttemptSlots;
  readonly bus: Bus;
  readonly outbox: Outbox;
  readonly tell: Tell;
}

/** First attempts in one job; the tail of a larger fan-out must not hold its slot. */
const FIRST_ATTEMPTS_MAX = 256;

export function createDispatch(deps: DispatchDeps): Dispatch {
  return async (batch, job) => {
    const events = withoutRepeats(batch.events, deps.tell);
    const claims = await deps.ledger.claim({ ...batch, events });
    // A delivery that another run is sending at this moment looks as if nobody had begun it.
    insistOnLease(job.holdsLease);
    const { withheld, conclude, abandon } = await deps.bus.announce({ ...batch, events }, claims);
    const owed = events.flatMap((event, index) =>
      withheld.has(event.id) ? [] : fanOut(event, claims[index], batch.acceptedAt, deps),
    );
    // All of them come to an end before a failure is thrown: a re-run beside attempts still open would repeat them.
    const results = await Promise.allSettled(settleAll(owed, job, deps));
    const failure = results.find((result) => result.status === "rejected");
    if (failure !== undefined) {
      abandon();
      throw failure.reason;
    }
    await conclude();
  };
}

/** Once nothing is left of the job but attempts that wait for slow receivers, it gives its slot back. */
function settleAll(owed: readonly Owed[], job: JobInWork, deps: DispatchDeps): readonly Promise<void>[] {
  let [unsettled, slow] = [owed.length, 0];
  const look = (): void => {
    if (unsettled > 0 && slow === unsettled) job.lendSlot();
  };
  return owed.map(async (one, index) => {
    let isSlow = false;
    const onSlow = (): void => {
      isSlow = true;
      slow += 1;
      look();
    };
    try {
      await (index < FIRST_ATTEMPTS_MAX ? firstAttempt(one, job, onSlow, deps) : handOn(one.delivery, deps));
    } finally {
      unsettled -= 1;
      if (isSlow) slow -= 1;
      else look();
    }
  });
}

interface Owed {
  readonly delivery: Delivery;
  /** The end that an earlier run of this job had already come to. */
  readonly recalled: Decided | null;
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
  const { endpoints } = deps;
  const subject = subjectOf(event);
  const hearing = endpoints.subscribedTo(event.type, at).filter(({ id }) => id !== subject);
  const subscribed = hearing.map((one) => toEndpoint(one.id, owedTo(one)));
  const named = ownDestinations(event)
    .entries()
    .map(([id, destination]) => {
      const signer = endpoints.get(asEndpointId(destination.keyId));
      return { ...toEndpoint(id, signer === undefined ? {} : owedTo(signer)), destination };
    });
  const owed = [...subscribed, ...named];
  if (claim.kind === "fresh") return owed.map((delivery) => ({ delivery, recalled: null }));
  return owedStill(owed, claim.states, toEndpoint, deps.system.now());
}

/**
 * Deliveries that a re-run finds. An attempt that was recorded is taken as it is, also when its endpoint subscribes no
 * more: what was to follow it (a retry, a dead letter) may not have been written. Without a record the first run may
 * have handed the delivery on, so it is handed on again, which does nothing where that was done.
 */
function owedStill(
  owed: readonly Delivery[],
  states: ReadonlyMap<EndpointId, DeliveryState>,
  toEndpoint: (id: EndpointId) => Delivery,
  nowMs: number,
): readonly Owed[] {
  const subscribing = new Set(owed.map(({ endpointId }) => endpointId));
  const former = [...states.keys()].filter((id) => !subscribing.has(id) && !isDestinationId(id));
  return [...owed, ...former.map((id) => toEndpoint(id))].map((current) => {
    const state = states.get(current.endpointId);
    // The first run owed it to the endpoint that was there then.
    const delivery = { ...current, ...incarnationOf(state ?? {}) };
    const recalled = recall(delivery, state, nowMs);
    return { delivery, recalled: recalled ?? { verdict: HAND_ON, delivery } };
  });
}

const HAND_ON: Verdict = { kind: "hold", inMs: 0 };

const handOn = (delivery: Delivery, deps: DispatchDeps): Promise<void> => deps.parking.park(delivery, 0);

async function firstAttempt(
  { recalled, delivery }: Owed,
  { holdsLease }: JobInWork,
  onSlow: () => void,
  deps: DispatchDeps,
): Promise<void> {
  const settled =
    recalled ?? (await deps.slots.run(delivery.endpointId, () => deps.deliver(delivery, holdsLease), onSlow));
  await carryOut(settled, deps.outbox.schedule, NEVER_WAITED, deps);
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
