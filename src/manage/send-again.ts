/**
 * Sends a delivery again because a person asked: one that waits is brought forward, one that is over begins a new round
 * under the same webhook-id. Everything here has an id of its own making, so that asking twice does it once.
 */
import type { EndpointId } from "../core/brand.ts";
import { type Delivery, type DeliveryState, deliveryOf } from "../core/delivery.ts";
import { HookwaveError } from "../core/errors.ts";
import type { Outbox, WaitingIndex } from "../deliver/ports.ts";
import { ownDestinations } from "../endpoints/destinations.ts";
import type { DeadLetters } from "../queue/dead-letters.ts";
import { deliveryLetterIds } from "../queue/names.ts";
import type { WaitingJobs } from "../queue/waiting-jobs.ts";
import type { StoredEvent } from "../store/lookup.ts";

export type SentAgain = "started" | "brought_forward";

/** `state` is null for an endpoint that has not had the event. */
export type SendAgain = (
  event: StoredEvent,
  endpointId: EndpointId,
  state: DeliveryState | null,
) => Promise<SentAgain>;

export interface SendAgainDeps {
  readonly outbox: Outbox;
  readonly waitingJobs: WaitingJobs;
  readonly waiting: WaitingIndex;
  readonly deadLetters: Pick<DeadLetters, "get" | "replay">;
}

export function createSendAgain(deps: SendAgainDeps): SendAgain {
  return async (stored, endpointId, state) => {
    const delivery = newDelivery(stored, endpointId);
    switch (state?.status) {
      case undefined:
        return await begin(delivery, deps);
      case "held":
      case "retrying":
        return await retryNow({ ...delivery, round: state.round, attempts: state.attempts }, deps);
      case "delivered":
      case "cancelled":
        return await begin({ ...delivery, round: state.round + 1 }, deps);
      case "buried":
        return await replayItsLetter({ ...delivery, round: state.round }, deps);
    }
  };
}

function newDelivery({ event, acceptedAt }: StoredEvent, endpointId: EndpointId): Delivery {
  const destination = ownDestinations(event).get(endpointId);
  return { ...deliveryOf(event, acceptedAt)(endpointId), ...(destination !== undefined && { destination }) };
}

async function begin(delivery: Delivery, { waiting, outbox }: SendAgainDeps): Promise<SentAgain> {
  await waiting.add(delivery);
  await outbox.schedule(delivery, 0);
  return "started";
}

/** One without a job (its first attempt has only just failed, or a crash lost it) gets it here. */
async function retryNow(delivery: Delivery, { waitingJobs, outbox }: SendAgainDeps): Promise<SentAgain> {
  if (!(await waitingJobs.bringForward(delivery))) {
    await outbox.schedule(delivery, 0);
  }
  return "brought_forward";
}

/** Its letter goes with it: what is sent again is given up no longer. The letter may have been removed, or replayed. */
async function replayItsLetter(buried: Delivery, deps: SendAgainDeps): Promise<SentAgain> {
  const [own, former] = deliveryLetterIds(buried);
  const { deadLetters } = deps;
  const isDone =
    (await ifThere(() => deadLetters.replay(own))) ||
    (await ifThere(async () => {
      const { letter } = await deadLetters.get(former);
      // It may be that of an earlier event, whose id was used again.
      const isOfThis = letter.kind === "delivery" && letter.delivery.acceptedAt === buried.acceptedAt;
      return isOfThis && (await deadLetters.replay(former));
    }));
  return isDone ? "started" : await begin({ ...buried, round: buried.round + 1 }, deps);
}

/** False where there is no such letter. */
async function ifThere<Done>(replay: () => Promise<Done>): Promise<Done | false> {
  try {
    return await replay();
  } catch (error) {
    if (!(error instanceof HookwaveError) || error.code !== "DEAD_LETTER_UNKNOWN") throw error;
    return false;
  }
}
