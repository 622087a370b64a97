/**
 * Slots for attempts: so many a worker has under way at a time, whatever the size of its jobs. A hundred full batches are
 * thousands of deliveries, and all of them at once would only wait for one another. One that waits for a slow receiver
 * costs next to nothing, and gives its slot back: a slow receiver must not keep others from theirs.
 */
import type { EndpointId } from "../core/brand.ts";
import type { System } from "../core/system.ts";
import { type ConcurrencyLimits, SLOW_MS } from "./concurrency-limits.ts";
import { createOwnLoad, LOOK_EVERY_MS } from "./own-load.ts";
import { createSemaphore } from "./semaphore.ts";

export interface AttemptSlots {
  /** Runs it when there is room, endpoint by endpoint. `onSlow` is called once when it turns out to wait for its receiver. */
  readonly run: <Value>(id: EndpointId, attempt: () => Promise<Value>, onSlow: () => void) => Promise<Value>;
  /** Ms for which this process was so busy since then (monotonic ms) that what took long may have been its own doing. */
  readonly busyMsSince: (sinceMs: number) => number;
}

/** Few enough for all of them to fit one endpoint's queue (concurrency-limits.ts): a backlog is no reason to park. */
const AT_ONCE = 512;
/** Slots given back; beyond them slow ones keep theirs, for each has a socket and its event's text. */
const LENT_MAX = 8_192;

interface UnderWay {
  readonly id: EndpointId;
  readonly since: number;
  readonly onSlow: () => void;
  isLent: boolean;
}

export function createAttemptSlots(
  own: Pick<System, "monotonicMs" | "idleMs">,
  isSlow: ConcurrencyLimits["isSlow"],
): AttemptSlots {
  const slots = createSemaphore(AT_ONCE);
  const { monotonicMs } = own;
  const load = createOwnLoad(own);
  /** In the order in which they began; none that is lent. */
  const underWay = new Set<UnderWay>();
  let lent = 0;
  let timer: NodeJS.Timeout | null = null;

  const lendSlow = (nowMs: number): void => {
    for (const one of underWay) {
      if (one.since > nowMs - SLOW_MS || lent >= LENT_MAX) return;
      if (!isSlow(one.id)) continue;
      underWay.delete(one);
      one.isLent = true;
      lent += 1;
      slots.release();
      one.onSlow();
    }
  };
  const lookLater = (): void => {
    timer = setTimeout(look, LOOK_EVERY_MS).unref();
  };
  const look = (): void => {
    // A look that is late takes its own process' slowness for theirs.
    if (!load.look()) lendSlow(monotonicMs());
    if (underWay.size > 0) lookLater();
    else endLooking();
  };
  const beginLooking = (): void => {
    load.begin();
    lookLater();
  };
  const endLooking = (): void => {
    load.end();
    timer = null;
  };

  return {
    busyMsSince: load.busyMsSince,
    run: async (id, attempt, onSlow) => {
      await slots.acquire(id);
      const one: UnderWay = { id, since: monotonicMs(), onSlow, isLent: false };
      underWay.add(one);
      if (timer === null) beginLooking();
      try {
        return await attempt();
      } finally {
        underWay.delete(one);
        if (one.isLent) lent -= 1;
        else slots.release();
      }
    },
  };
}
