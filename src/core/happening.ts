/**
 * Happenings: the contract between the journey and everything that watches it (log, metrics, the demo's live view).
 * Each stage only calls `tell`; who listens is wired in app.ts. They live in core, not in observe, because stages may
 * not import observe.
 */
import type { AttemptRecord } from "./attempt.ts";
import type { CallbackId, DeliveryId, EndpointId, EventId, Origin, SourceId } from "./brand.ts";
import type { CallbackSignature } from "./callback.ts";
import { type ErrorSummary, summarise } from "./errors.ts";
import type { Phase } from "./migration.ts";
import { type BreakerId, isOrigin } from "./origin.ts";
import type { HoldReason } from "./outcome.ts";
import { refusalByRedis } from "./redis-replies.ts";
import type { BuryReason } from "./verdict.ts";

export type BreakerState = "closed" | "open" | "half_open";

export type Happening =
  | { readonly kind: "events.published"; readonly count: number }
  | { readonly kind: "event.duplicated"; readonly eventId: EventId }
  | {
      readonly kind: "attempt.finished";
      readonly record: AttemptRecord;
      /** The record as JSON: written once, for whoever stores or logs it. */
      readonly recordText: string;
      /** From the event's acceptance to its delivery, in ms; null unless this attempt delivered it. */
      readonly latencyMs: number | null;
      /** The same to the beginning of its first attempt; null for a later one, and where the receiver held it back. */
      readonly firstDelayMs: number | null;
    }
  | {
      readonly kind: "delivery.held";
      readonly deliveryId: DeliveryId;
      readonly endpointId: EndpointId;
      readonly reason: HoldReason;
      readonly forMs: number;
    }
  | { readonly kind: "delivery.buried"; readonly deliveryId: DeliveryId; readonly because: BuryReason }
  | { readonly kind: "job.buried"; readonly because: "invalid" | "poison"; readonly problem: string }
  | {
      readonly kind: "breaker.changed";
      /** Null where it is the breaker of an origin, which is null where it is an endpoint's. */
      readonly endpointId: EndpointId | null;
      readonly origin: Origin | null;
      readonly state: BreakerState;
    }
  | {
      readonly kind: "endpoint.failing";
      readonly endpointId: EndpointId;
      /** Per cent of DISABLE_AFTER for which it has failed without one success. */
      readonly percent: number;
      readonly failedMs: number;
      /** Until it is disabled, if it goes on failing. */
      readonly leftMs: number;
    }
  /** It succeeds again after it was told to be failing. */
  | { readonly kind: "endpoint.recovered"; readonly endpointId: EndpointId }
  | { readonly kind: "endpoint.disabled"; readonly endpointId: EndpointId; readonly because: string }
  | {
      readonly kind: "bus.written";
      /** Counts of events: the bus has them, did not take them, or has no room for them. */
      readonly written: number;
      readonly failed: number;
      readonly full: number;
      /** Listeners of the channel; null where nothing was said aloud. */
      readonly receivers: number | null;
      readonly listLength: number | null;
    }
  | {
      readonly kind: "callback.received";
      readonly source: SourceId;
      readonly callbackId: CallbackId;
      readonly signature: CallbackSignature;
      /** The check that failed; null where none did. */
      readonly code: string | null;
      readonly isAccepted: boolean;
      readonly copies: number;
      readonly bodyBytes: number;
    }
  /** To make room for others, before their time. */
  | { readonly kind: "callbacks.removed"; readonly count: number }
  /** Once an hour for each: it has no secret, so that anybody may send in its name. */
  | { readonly kind: "source.unsigned"; readonly source: SourceId }
  | { readonly kind: "phase.changed"; readonly phase: Phase; readonly by: string }
  | {
      readonly kind: "service.noticed";
      readonly notice: string;
      readonly detail: Readonly<Record<string, string>>;
    }
  | { readonly kind: "service.failed"; readonly doing: string; readonly error: ErrorSummary };

export function breakerChanged(id: BreakerId, state: BreakerState): Happening {
  const whose = isOrigin(id) ? { endpointId: null, origin: id } : { endpointId: id, origin: null };
  return { kind: "breaker.changed", ...whose, state };
}

export type Tell = (happening: Happening) => void;

/** A listener for trouble that a library reports by event, or a promise nobody waits for: told, never thrown into the void. */
export function tellFailure(tell: Tell, doing: string): (error: unknown) => void {
  return (error) => tell({ kind: "service.failed", doing, error: summarise(refusalByRedis(error) ?? error) });
}
