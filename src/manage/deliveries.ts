/**
 * Management of deliveries: people look at them, try one again now, or end one. A delivery is known from the moment it
 * has been tried or has to wait.
 */
import type { DeliveryId } from "../core/brand.ts";
import { deliveryId, type PastAttempt, type Round, readDeliveryId } from "../core/delivery.ts";
import { HookwaveError } from "../core/errors.ts";
import type { Page, PageRequest } from "../core/page.ts";
import type { WaitingJobs } from "../queue/waiting-jobs.ts";
import type { DeliveryFilter, DeliveryPages, StoredDelivery } from "../store/delivery-pages.ts";
import type { Lookup } from "../store/lookup.ts";
import type { SendAgain } from "./send-again.ts";

export interface ShownDelivery extends StoredDelivery {
  readonly id: DeliveryId;
  /** Epoch ms; null while it is under way, and when it is over. */
  readonly nextAttemptAt: number | null;
}

interface ShownAttempt extends PastAttempt {
  /** The beginning of what the receiver answered to a failed attempt; null where it is not kept (any more). */
  readonly responseExcerpt: string | null;
}

export interface WholeDelivery extends ShownDelivery {
  /** Those of the current round. */
  readonly attempts: readonly ShownAttempt[];
}

export interface DeliveryManagement {
  /** Newest events first. Throws CURSOR_INVALID. */
  readonly list: (filter: DeliveryFilter, request: PageRequest) => Promise<Page<ShownDelivery>>;
  /** Throws DELIVERY_UNKNOWN, as the others do. */
  readonly get: (id: string) => Promise<WholeDelivery>;
  /**
   * One that waits is tried now, one that was given up begins again; else DELIVERY_SETTLED. REPLAY_INVALID for one that was
   * owed to an endpoint which was removed, where another has its id.
   */
  readonly retry: (id: string) => Promise<void>;
  /** Ends a delivery that waits; else DELIVERY_SETTLED. An attempt on the wire may still deliver it. */
  readonly cancel: (id: string) => Promise<void>;
}

interface DeliveryManagementDeps {
  readonly pages: DeliveryPages;
  readonly lookup: Lookup;
  readonly waitingJobs: WaitingJobs;
  readonly sendAgain: SendAgain;
}

export function createDeliveryManagement(deps: DeliveryManagementDeps): DeliveryManagement {
  const { pages, lookup, waitingJobs, sendAgain } = deps;

  const find = async (id: string): Promise<StoredDelivery> => {
    const ids = readDeliveryId(id);
    const found = ids && (await lookup.delivery(ids.eventId, ids.endpointId));
    if (found === null) throw deliveryUnknown(id);
    return found;
  };

  const show = async (found: readonly StoredDelivery[]): Promise<readonly ShownDelivery[]> => {
    const booked = await waitingJobs.bookedFor(found.map(roundOfFound));
    return found.map((one, index) => {
      const isWaiting = one.state.status === "held" || one.state.status === "retrying";
      return { ...one, id: deliveryId(one), nextAttemptAt: (isWaiting ? booked[index] : null) ?? null };
    });
  };

  return {
    list: async (filter, request) => {
      const { data, next } = await pages.page(filter, request);
      return { data: await show(data), next };
    },
    get: async (id) => {
      const found = await find(id);
      const [[shown], excerpts] = await Promise.all([
        show([found]),
        lookup.excerpts({ ...found, ...found.state }),
      ]);
      if (shown === undefined) throw deliveryUnknown(id);
      const attempts = found.state.attempts.map((attempt, index) => ({
        ...attempt,
        responseExcerpt: excerpts[index] ?? null,
      }));
      return { ...shown, attempts };
    },
    retry: async (id) => {
      const { event, endpointId, state } = await find(id);
      if (state.status === "delivered" || state.status === "cancelled") throw settled("retry", state.status);
      const whole = await lookup.event(event.id);
      if (whole === null) throw deliveryUnknown(id);
      await sendAgain(whole, endpointId, state, "delivery");
    },
    cancel: async (id) => {
      const found = await find(id);
      const opposed = await lookup.cancel(found.event.id, found.endpointId);
      if (opposed !== null) throw settled("cancel", opposed.status);
      // Only now: a worker that has the job already reads that it is cancelled.
      await waitingJobs.withdraw(roundOfFound(found));
    },
  };
}

const roundOfFound = (found: StoredDelivery): Round => ({ ...found, round: found.state.round });

function deliveryUnknown(id: string): HookwaveError {
  return new HookwaveError("DELIVERY_UNKNOWN", {
    expected: "the id of a delivery: <event id>.<endpoint id>",
    got: `"${id.slice(0, 140)}"`,
    remedy: "list them with `hookwave deliveries list`; one is known once it has been tried or has to wait",
  });
}

function settled(what: "retry" | "cancel", status: string): HookwaveError {
  const isOver = what === "cancel" && status === "buried";
  return new HookwaveError("DELIVERY_SETTLED", {
    expected: `a delivery to ${what} that is ${what === "retry" ? "held, retrying or buried" : "held or retrying"}`,
    got: `one that is ${status}`,
    remedy: isOver
      ? "nothing follows it any more; its dead letter can be removed"
      : "to send it once more, replay its event to this endpoint",
  });
}
