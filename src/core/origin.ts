/**
 * The origin of a receiver (RFC 6454): scheme, host and port. What cannot be reached there concerns every endpoint of it,
 * so it has a breaker of its own beside theirs.
 */
import { asOrigin, type EndpointId, type Origin } from "./brand.ts";
import type { Endpoint } from "./endpoint.ts";

/** The owner of a breaker. */
export type BreakerId = EndpointId | Origin;

const known = new WeakMap<object, Origin>();

export function originOf(endpoint: Pick<Endpoint, "url">): Origin {
  const found = known.get(endpoint);
  if (found !== undefined) return found;
  const origin = asOrigin(URL.parse(endpoint.url)?.origin ?? "null");
  known.set(endpoint, origin);
  return origin;
}

/** An endpoint's id may hold no colon. */
export const isOrigin = (id: BreakerId): id is Origin => id.includes(":");
