/** Waits for some work, but no longer than so many ms; leaves no timer behind, and nothing to keep a process alive. */
import { setTimeout as pause } from "node:timers/promises";

export async function waitAtMost(ms: number, work: Promise<unknown>): Promise<void> {
  const over = new AbortController();
  try {
    await Promise.race([work, pause(ms, undefined, { signal: over.signal }).catch(() => undefined)]);
  } finally {
    over.abort();
  }
}
