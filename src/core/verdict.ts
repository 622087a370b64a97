/**
 * The verdict: what we do about an outcome. One pure function, so that the whole retry policy can be read in one place
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

/** Verdicts that may follow an attempt. */
export type AttemptVerdict =
  | { readonly kind: "complete" }
  | { readonly kind: "retry"; readonly inMs: number }
  | { readonly kind: "bury"; readonly because: BuryReason };

/** Verdicts on any delivery: one that is held has not been tried. */
export type Verdict = AttemptVerdict | { readonly kind: "hold"; readonly inMs: number };

export interface Policy {
  /** Waits between attempts in ms; its length is the number of retries. */
  readonly retrySchedule: readonly number[];
  /** Statuses that no later attempt can change, as the wire profile says. */
  readonly isFinal: (status: number) => boolean;
}

export interface Situation {
  readonly attemptNumber: number;
  /** A number in [0, 1), from whoever owns the dice. */
  readonly dice: number;
}

export function decide(outcome: Outcome, policy: Policy, situation: Situation): AttemptVerdict {
  switch (outcome.kind) {
    case "delivered":
      return { kind: "complete" };
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

/** For a delivery that may not be tried for `forMs`: it waits and is charged nothing, until it has waited too long. */
export function decideHold(forMs: number, heldForMs: number, holdMaxAgeMs: number): Verdict {
  return heldForMs >= holdMaxAgeMs ? { kind: "bury", because: "expired" } : { kind: "hold", inMs: forMs };
}

function retryOrBury(policy: Policy, situation: Situation, retryAfterMs: number | null): AttemptVerdict {
  const inMs = retryDelayMs(policy.retrySchedule, situation.attemptNumber, situation.dice, retryAfterMs);
  return inMs === null ? { kind: "bury", because: "exhausted" } : { kind: "retry", inMs };
}
