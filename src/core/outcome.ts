/**
 * Outcomes: what happened in one attempt. A receiver's misbehaviour is a value here, never an exception
 * (decision 4). The unions are closed: adding a kind must break every switch that forgot it.
 */
export const UNREACHABLE_REASONS = ["dns", "connect", "tls", "timeout", "reset", "protocol"] as const;
export type UnreachableReason = (typeof UNREACHABLE_REASONS)[number];

export const BLOCKED_REASONS = ["blocked_destination", "blocked_url"] as const;
export type BlockedReason = (typeof BLOCKED_REASONS)[number];

/** Reasons for a delivery to wait without an attempt, which are therefore no outcome of one. */
export const HOLD_REASONS = ["breaker_open", "busy", "rate_limited"] as const;
export type HoldReason = (typeof HOLD_REASONS)[number];

/** Requests that a receiver may make in the `webhook-delivery` response header. */
export type Instruction = "disable" | "abort";

export type Outcome =
  | { readonly kind: "delivered"; readonly status: number }
  | {
      readonly kind: "refused";
      readonly status: number;
      readonly retryAfterMs: number | null;
      readonly instruction: Instruction | null;
    }
  | { readonly kind: "unreachable"; readonly reason: UnreachableReason }
  | { readonly kind: "blocked"; readonly reason: BlockedReason };

export type OutcomeKind = Outcome["kind"];

export const OUTCOME_KINDS = [
  "delivered",
  "refused",
  "unreachable",
  "blocked",
] as const satisfies readonly OutcomeKind[];
