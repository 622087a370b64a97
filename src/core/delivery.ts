/**
 * A delivery: one event owed to one endpoint, and what has been tried so far. It carries its whole event, so
 * that a retry days later needs nothing that may have expired meanwhile.
 */
import { asDeliveryId, type DeliveryId, type EndpointId } from "./brand.ts";
import type { Destination, PublishedEvent } from "./event.ts";
import type { OutcomeKind } from "./outcome.ts";
import type { BuryReason, Verdict } from "./verdict.ts";

/** One finished attempt as it is remembered with its delivery. */
export interface PastAttempt {
  readonly attemptNumber: number;
  readonly startedAt: string;
  readonly durationMs: number;
  readonly outcome: OutcomeKind;
  readonly status: number | null;
  readonly reason: string | null;
}

export interface Delivery {
  readonly event: PublishedEvent;
  readonly endpointId: EndpointId;
  /** Where it goes when it is owed to no registered endpoint; `endpointId` is then the destination's own. */
  readonly destination?: Destination;
  /** Epoch ms at which the event was stored; delivery latency counts from here. */
  readonly acceptedAt: number;
  readonly attempts: readonly PastAttempt[];
  /** 0 at first, one more with each replay: what is recorded of one round does not settle the next. */
  readonly round: number;
  /** Epoch ms since when it has been held without an attempt. */
  readonly heldSince: number | null;
}

/** What the event's record says of one delivery: enough for a re-run to know what is already done. */
export interface DeliveryState {
  readonly round: number;
  readonly status: "delivered" | "retrying" | "buried";
  readonly attempts: readonly PastAttempt[];
  /** Epoch ms of the next attempt while retrying. */
  readonly nextAttemptAt: number | null;
  readonly because: BuryReason | null;
}

export function deliveryId(delivery: {
  readonly event: PublishedEvent;
  readonly endpointId: EndpointId;
}): DeliveryId {
  return asDeliveryId(`${delivery.event.id}.${delivery.endpointId}`);
}

/** The state a finished attempt leaves behind; null for a hold, which is no attempt. */
export function stateAfter(
  verdict: Verdict,
  attempts: readonly PastAttempt[],
  round: number,
  nowMs: number,
): DeliveryState | null {
  switch (verdict.kind) {
    case "complete":
      return { round, status: "delivered", attempts, nextAttemptAt: null, because: null };
    case "retry":
      return { round, status: "retrying", attempts, nextAttemptAt: nowMs + verdict.inMs, because: null };
    case "bury":
      return { round, status: "buried", attempts, nextAttemptAt: null, because: verdict.because };
    case "hold":
      return null;
  }
}

/** A dead letter: a delivery, or an events job that could not be used, kept whole with the reason. */
export type DeadLetter =
  | {
      readonly kind: "delivery";
      readonly delivery: Delivery;
      readonly because: BuryReason;
      readonly buriedAt: string;
    }
  | {
      readonly kind: "job";
      /** Where it came from, so that burying it twice buries it once, and a replay finds the same ids. */
      readonly jobId: string;
      /** Epoch ms. */
      readonly addedAt: number;
      /** The job's text as it was found. */
      readonly text: string;
      readonly problem: string;
      readonly because: "invalid" | "poison";
      readonly buriedAt: string;
    };
