/**
 * The allowance of each event type: a publisher's first thousand events of it, and a thousand more each second, go before all
 * that is published beyond that. A hundred thousand of one type are then not before a single one of another. It decides
 * an order and nothing else: what is beyond its allowance is worked off as fast as ever.
 */
import type { PublishedEvent } from "../core/event.ts";

/** True for a batch of which no type is within its allowance. */
export type IsBeyondAllowance = (batch: readonly PublishedEvent[]) => boolean;

const MOST = 1_000;
const PER_MS = 1;
/** Of more types than anybody has, all begin anew. */
const TYPES_MAX = 10_000;

interface Left {
  left: number;
  atMs: number;
}

export function createAllowance(monotonicMs: () => number): IsBeyondAllowance {
  const types = new Map<string, Left>();
  const isWithin = (type: string, count: number): boolean => {
    const nowMs = monotonicMs();
    const known = types.get(type);
    const one = known ?? { left: MOST, atMs: nowMs };
    if (known === undefined) {
      if (types.size >= TYPES_MAX) types.clear();
      types.set(type, one);
    }
    one.left = Math.min(MOST, one.left + (nowMs - one.atMs) * PER_MS);
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
