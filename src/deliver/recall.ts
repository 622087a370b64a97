/**
 * Recall: what a re-run must not do again. After a crash a job runs once more; the ledger says what of it had been
 * recorded. A recorded attempt is taken as it is, never repeated, so duplicates stay within what was in flight.
 */
import type { Delivery, DeliveryState } from "../core/delivery.ts";
import type { Verdict } from "../core/verdict.ts";
import type { Decided } from "./deliver.ts";

/** The recorded conclusion that `delivery` does not know of yet; null when it knows everything. */
export function recall(
  delivery: Delivery,
  state: DeliveryState | null | undefined,
  nowMs: number,
): Decided | null {
  if (state === null || state === undefined || state.round < delivery.round) return null;
  // A replay has begun a later round; this job is what was left of an earlier one.
  if (state.round > delivery.round) return { verdict: { kind: "complete" }, delivery };
  const isOver = state.status !== "held" && state.status !== "retrying";
  const knowsMore = state.attempts.length > delivery.attempts.length;
  if (!isOver && !knowsMore) return null;
  // A state that a later version wrote may be read without its attempts.
  const { attempts } = knowsMore ? state : delivery;
  return { verdict: verdictOf(state, nowMs), delivery: { ...delivery, attempts, heldSince: null } };
}

function verdictOf(state: DeliveryState, nowMs: number): Verdict {
  switch (state.status) {
    case "delivered":
    case "cancelled":
      return { kind: "complete" };
    case "held":
      return { kind: "hold", inMs: 0 };
    case "retrying":
      return { kind: "retry", inMs: Math.max(0, (state.nextAttemptAt ?? nowMs) - nowMs) };
    case "buried":
      // The letter may not have been written before the crash; writing it twice writes it once.
      return { kind: "bury", because: state.because ?? "exhausted" };
  }
}
