/**
 * Fair shares of the queue: of each type a publisher's first thousand events, and a thousand more each second, go before all
 * that is published beyond that. A hundred thousand of one type are then not before a single one of another. It decides
 * an order and nothing else: what is beyond its share is worked off as fast as ever.
 */
import type { PublishedEvent } from "../core/event.ts";

/** True for a batch of which no type is within its share. */
export type IsBeyondShare = (batch: readonly PublishedEvent[]) => boolean;

const SHARE = 1_000;
const PER_MS = 1;
/** Of more types than anybody has, all begin anew. */
const TYPES_MAX = 10_000;

interface Allowance {
  left: number;
  atMs: number;
}

export function createFairShares(monotonicMs: () => number): IsBeyondShare {
  const allowances = new Map<string, Allowance>();
  const isWithin = (type: string, count: number): boolean => {
    const nowMs = monotonicMs();
    const known = allowances.get(type);
    const one = known ?? { left: SHARE, atMs: nowMs };
    if (known === undefined) {
      if (allowances.size >= TYPES_MAX) allowances.clear();
      allowances.set(type, one);
    }
    one.left = Math.min(SHARE, one.left + (nowMs - one.atMs) * PER_MS);
    one.atMs = nowMs;
    if (one.left < count) return false;
    one.left -= count;
    return true;
  };
  return (batch) => {
    const counts = new Map<string, number>();
    for (const { type } of batch) counts.set(type, (counts.get(type) ?? 0) + 1);
    // Each type takes its part, also once it is known that the batch goes first.
    return [...counts].filter(([type, count]) => isWithin(type, count)).length === 0;
  };
}
