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

/**
 * Can nobody be reached there, whatever the path: no address, no connection, no TLS? Null where the outcome does not tell:
 * a short timeout may have ended before any of them could.
 */
export function isOutOfReach(outcome: Outcome): boolean | null {
  if (outcome.kind === "blocked") return null;
  if (outcome.kind !== "unreachable") return false;
  if (outcome.reason === "timeout") return null;
  return outcome.reason === "dns" || outcome.reason === "connect" || outcome.reason === "tls";
}

/**
 * Does this speak against the endpoint's health? A 4xx that says "this payload is wrong" does not, nor does
 * anything we did ourselves; overload (429), server errors and silence do.
 */
export function isUnhealthy(outcome: Outcome): boolean {
  switch (outcome.kind) {
    case "delivered":
    case "blocked":
      return false;
    case "unreachable":
      return true;
    case "refused":
      return outcome.status >= 500 || outcome.status === 429 || outcome.status === 408;
  }
}
