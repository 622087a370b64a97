/**
 * What we do about an outcome. One pure function, so that the whole retry policy can be read in one place
 * and tested without Redis, network or time.
 */
import { retryDelayMs } from "./backoff.ts";
import type { Outcome } from "./outcome.ts";

export const BURY_REASONS = [
  "exhausted",
  "final_status",
  "gone",
  "aborted",
  "expired",
  "endpoint_disabled",
  "endpoint_missing",
  "invalid",
  "poison",
] as const;
export type BuryReason = (typeof BURY_REASONS)[number];

export type Verdict =
  | { readonly kind: "complete" }
  | { readonly kind: "retry"; readonly inMs: number }
  | { readonly kind: "hold"; readonly inMs: number }
  | { readonly kind: "bury"; readonly because: BuryReason };

export interface Policy {
  /** Waits between attempts in ms; its length is the number of retries. */
  readonly retrySchedule: readonly number[];
  /** How long a delivery may be held in all before it is given up, in ms. */
  readonly holdMaxAgeMs: number;
  /** Statuses that no later attempt can change, as the wire profile says. */
  readonly isFinal: (status: number) => boolean;
}

export interface Situation {
  readonly attemptNumber: number;
  /** How long this delivery has been held without an attempt, in ms. */
  readonly heldForMs: number;
  /** A number in [0, 1), from whoever owns the dice. */
  readonly dice: number;
}

export function decide(outcome: Outcome, policy: Policy, situation: Situation): Verdict {
  switch (outcome.kind) {
    case "delivered":
      return { kind: "complete" };
    case "held":
      if (situation.heldForMs >= policy.holdMaxAgeMs) return { kind: "bury", because: "expired" };
      return { kind: "hold", inMs: outcome.forMs };
    case "refused":
      if (outcome.instruction === "disable" || outcome.status === 410)
        return { kind: "bury", because: "gone" };
      if (outcome.instruction === "abort") return { kind: "bury", because: "aborted" };
      if (policy.isFinal(outcome.status)) return { kind: "bury", because: "final_status" };
      return retryOrBury(policy, situation, outcome.retryAfterMs);
    case "unreachable":
    case "blocked":
      return retryOrBury(policy, situation, null);
  }
}

function retryOrBury(policy: Policy, situation: Situation, retryAfterMs: number | null): Verdict {
  const inMs = retryDelayMs(policy.retrySchedule, situation.attemptNumber, situation.dice, retryAfterMs);
  return inMs === null ? { kind: "bury", because: "exhausted" } : { kind: "retry", inMs };
}
