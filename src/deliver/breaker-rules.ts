/** The rules by which outcomes count as failures: of an endpoint for its own breaker, of a whole origin for that one's. */
import type { Outcome } from "../core/outcome.ts";

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
