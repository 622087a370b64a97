/**
 * POSTs that a fault may have doubled: those in flight when it happened. In flight is what was sent and not yet
 * recorded, so an answer given a moment before the fault counts as well.
 */
import type { Post, Receiver } from "./receiver.ts";

export interface Fault {
  /** A dead worker breaks its own POSTs, which shows; a Redis that fails may hit all that are open. */
  readonly hits: "worker" | "redis";
  /** Monotonic ms: when it began and when it was done. */
  readonly from: number;
  readonly to: number;
}

/** A group of records is written within a few ms; a machine on which everything runs at once may take this long. */
const UNRECORDED_MS = 100;
/** Until a receiver has seen that a dead worker's connection is gone. */
const BREAKING_MS = 500;

export function countInFlight(faults: readonly Fault[], receivers: readonly Receiver[]): number {
  const posts = receivers.flatMap((receiver) => receiver.posts);
  return faults.reduce((sum, fault) => sum + posts.filter((post) => isHit(post, fault)).length, 0);
}

function isHit({ at, answeredAt, brokenAt }: Post, { hits, from, to }: Fault): boolean {
  if (at > to) return false;
  if (answeredAt !== null)
    return answeredAt >= from - UNRECORDED_MS && (hits === "redis" || answeredAt <= to);
  if (hits === "redis") return brokenAt === null || brokenAt >= from;
  return brokenAt !== null && brokenAt >= from && brokenAt <= to + BREAKING_MS;
}
