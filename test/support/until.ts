/** Waits for a condition instead of sleeping: returns as soon as it holds, fails with a sentence when it never does. */
import { setTimeout as pause } from "node:timers/promises";

const LOOK_EVERY_MS = 10;

/**
 * Resolves with the first value that is neither false, null nor undefined; rejects after `withinMs`. A look that fails has
 * seen nothing: most go over a connection with a deadline, which a busy machine misses.
 */
export async function until<Value>(
  what: string,
  look: () => Value | Promise<Value>,
  withinMs = 30_000,
): Promise<NonNullable<Exclude<Value, false>>> {
  const giveUpAt = performance.now() + withinMs;
  let cause: unknown;
  while (performance.now() <= giveUpAt) {
    try {
      const seen = await look();
      if (isThere(seen)) return seen;
    } catch (error) {
      cause = error;
    }
    await pause(LOOK_EVERY_MS);
  }
  throw new Error(`waited ${withinMs} ms in vain until ${what}`, { cause });
}

function isThere<Value>(value: Value): value is NonNullable<Exclude<Value, false>> {
  return value !== false && value !== null && value !== undefined;
}

const TRIES = 5;

/**
 * Resolves with the first of five measurements that is below `limit`, or else with the least: a pause of a busy machine is
 * not ours, and what always takes too long is.
 */
export async function leastOf(limit: number, measure: () => Promise<number>): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < TRIES && least >= limit; tries += 1) least = Math.min(least, await measure());
  return least;
}
