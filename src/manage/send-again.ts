/**
 * Sends a delivery again because a person asked: one that waits is brought forward, one that is over begins a new round
 * under the same webhook-id. Everything here has an id of its own making, so that asking twice does it once.
 */
import type { EndpointId } from "../core/brand.ts";
import { type Delivery, type DeliveryState, deliveryOf, incarnationOf } from "../core/delivery.ts";
import { isOwedTo, owedTo } from "../core/endpoint.ts";
import { HookwaveError } from "../core/errors.ts";
import type { Outbox, WaitingIndex } from "../deliver/ports.ts";
import { ownDestinations, registeredId } from "../endpoints/destinations.ts";
import type { DeadLetters } from "../queue/dead-letters.ts";
import { deliveryLetterIds } from "../queue/names.ts";
import type { WaitingJobs } from "../queue/waiting-jobs.ts";
import type { Endpoints } from "../store/endpoints.ts";
import type { StoredEvent } from "../store/lookup.ts";

export type SentAgain = "started" | "brought_forward";

/**
 * `state` is null for an endpoint that has not had the event. Who names an endpoint means the one that is there; a delivery
 * that is to be made again means the one that it was owed to.
 */
export type SendAgain = (
  event: StoredEvent,
  endpointId: EndpointId,
  state: DeliveryState | null,
  meaning: "endpoint" | "delivery",
) => Promise<SentAgain>;

interface SendAgainDeps {
  readonly outbox: Pick<Outbox, "schedule">;
  readonly waitingJobs: WaitingJobs;
  readonly waiting: WaitingIndex;
  readonly deadLetters: Pick<DeadLetters, "get" | "replay">;
  readonly endpoints: Pick<Endpoints, "get" | "reload">;
}

export function createSendAgain(deps: SendAgainDeps): SendAgain {
  return async (stored, endpointId, state, meaning) => {
    const current = await newDelivery(stored, endpointId, deps);
    const delivery = { ...current, ...(meaning === "delivery" && incarnationOf(state ?? {})) };
    switch (state?.status) {
      case undefined:
        return await begin(delivery, deps);
      case "held":
      case "retrying":
        // The job that waits is owed to another one, which had this id before.
        if (meaning === "endpoint" && !isOwedTo(state, { incarnation: current.incarnation ?? null }))
          return await begin({ ...current, round: state.round + 1 }, deps);
        return await retryNow(
          { ...current, ...incarnationOf(state), round: state.round, attempts: state.attempts },
          deps,
        );
      case "delivered":
      case "cancelled":
        return await begin({ ...delivery, round: state.round + 1 }, deps);
      case "buried":
        return await replayItsLetter({ ...delivery, round: state.round }, meaning, deps);
    }
  };
}

/** For the endpoint of that id, or the key of that destination, as it is now. */
async function newDelivery(
  { event, acceptedAt }: StoredEvent,
  endpointId: EndpointId,
  { endpoints }: SendAgainDeps,
): Promise<Delivery> {
  const destination = ownDestinations(event).get(endpointId);
  const named = destination === undefined ? {} : { destination };
  const id = registeredId({ endpointId, ...named });
  await endpoints.reload(id);
  const registered = endpoints.get(id);
  const owed = registered === undefined ? {} : owedTo(registered);
  return { ...deliveryOf(event, acceptedAt)(endpointId, owed), ...named };
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
async function replayItsLetter(
  buried: Delivery,
  meaning: "endpoint" | "delivery",
  deps: SendAgainDeps,
): Promise<SentAgain> {
  const [own, former] = deliveryLetterIds(buried);
  const { deadLetters } = deps;
  const isDone =
    (await ifThere(() => deadLetters.replay(own, meaning))) ||
    (await ifThere(async () => {
      const { letter } = await deadLetters.get(former);
      // It may be that of an earlier event, whose id was used again.
      const isOfThis = letter.kind === "delivery" && letter.delivery.acceptedAt === buried.acceptedAt;
      return isOfThis && (await deadLetters.replay(former, meaning));
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
