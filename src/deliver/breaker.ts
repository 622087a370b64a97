/**
 * Breakers, one for each endpoint or origin. Each worker opens its own, by what attempts came to; the fleet shares one truth
 * in Redis: open until when, and which single worker may probe. An open breaker holds, and charges nothing.
 *
 * opossum counts in a rolling window. It is fired with outcomes that are already known, never around a POST: its failure
 * rate divides by calls in flight (trap 21), and a probe that never settles would keep it half open for ever (trap 20). A
 * window exists only from an endpoint's first failure on: 10,000 idle ones cost a quarter of a core (trap 18). Successes
 * before that are counted beside it, so that it begins with them.
 */
import { EventEmitter } from "node:events";
import { LRUCache } from "lru-cache";
import CircuitBreaker from "opossum";
import { breakerChanged, type Tell } from "../core/happening.ts";
import type { BreakerId } from "../core/origin.ts";
import type { Outcome } from "../core/outcome.ts";
import type { SharedBreaker } from "./ports.ts";

export interface BreakerSettings {
  /** Failures in the window before the rate counts. */
  readonly failureThreshold: number;
  /** From opening to the next probe, in ms. */
  readonly recoveryMs: number;
}

export interface Admission {
  /** 0: go ahead; else how long to hold, in ms. */
  readonly holdMs: number;
  readonly isProbe: boolean;
}

interface Breakers<Id extends BreakerId> {
  /** 0 unless the breaker is open and no probe is due; then how long to hold, in ms. */
  readonly probeDueInMs: (id: Id) => number;
  /** May this attempt go? Where a probe is due, one worker gets it, for `leaseMs` at the most. */
  readonly admit: (id: Id, leaseMs: number) => Admission | Promise<Admission>;
  /** Takes in how an attempt came out. Resolves when the fleet knows, where it must. */
  readonly report: (id: Id, outcome: Outcome, isProbe: boolean) => Promise<void> | undefined;
  readonly dispose: () => void;
}

interface BreakerDeps<Id extends BreakerId> {
  readonly shared: SharedBreaker;
  /** Does this outcome speak against it? Null where it says nothing: then a probe leaves all as it is. */
  readonly isFailure: (outcome: Outcome) => boolean | null;
  /** May come back: an attempt may end after its endpoint was removed, and nobody would ever close what it opened. */
  readonly mayReturn: (id: Id) => boolean;
  readonly now: () => number;
  readonly dice: () => number;
  readonly tell: Tell;
  /** Called when one comes back, so that it is not flooded. */
  readonly onReopened: (id: Id) => void;
}

const WINDOW_MS = 10_000;
const WINDOW_BUCKETS = 10;
/** Of the attempts in the window: one that fails as often is ill. */
const FAILURE_RATE = 0.5;
const BREAKERS_MAX = 10_000;
/** While another worker probes, or just after, look again this soon. */
const PROBE_WAIT_MS = 1_000;
/** Held deliveries come back spread over this much after the probe is due. */
const SPREAD_MS = 1_000;

const GO: Admission = { holdMs: 0, isProbe: false };
const PROBE: Admission = { holdMs: 0, isProbe: true };
const FAILED = new Error("unhealthy");
const NO_CALLS: CircuitBreaker.Stats = {
  ...{ fires: 0, successes: 0, failures: 0, fallbacks: 0, rejects: 0, timeouts: 0, latencyMean: 0 },
  ...{ cacheHits: 0, cacheMisses: 0, semaphoreRejections: 0, percentiles: {}, latencyTimes: [] },
};

export function createBreakers<Id extends BreakerId>(
  settings: BreakerSettings,
  deps: BreakerDeps<Id>,
): Breakers<Id> {
  const { shared, now, dice } = deps;
  const locals = openLocals(settings);

  const probeDueInMs = (id: Id): number => {
    const waitMs = (shared.openUntil(id) ?? 0) - now();
    return waitMs > 0 ? waitMs + dice() * SPREAD_MS : 0;
  };

  const probe = async (id: Id, leaseMs: number): Promise<Admission> => {
    const holdsLease = await shared.leaseProbe(id, leaseMs);
    if (!holdsLease) return { holdMs: PROBE_WAIT_MS * (1 + dice()), isProbe: false };
    deps.tell(breakerChanged(id, "half_open"));
    return PROBE;
  };

  const open = async (id: Id): Promise<void> => {
    deps.tell(breakerChanged(id, "open"));
    if (deps.mayReturn(id)) await shared.open(id, now() + settings.recoveryMs);
  };

  const close = async (id: Id): Promise<void> => {
    deps.onReopened(id);
    deps.tell(breakerChanged(id, "closed"));
    await shared.close(id);
  };

  return {
    probeDueInMs,
    admit: (id, leaseMs) => {
      if (shared.openUntil(id) === null) return GO;
      const holdMs = probeDueInMs(id);
      return holdMs > 0 ? { holdMs, isProbe: false } : probe(id, leaseMs);
    },
    report: (id, outcome, isProbe) => {
      const failed = deps.isFailure(outcome);
      if (failed === null) return undefined;
      if (isProbe) return failed ? open(id) : close(id);
      // The healthy path of a healthy one costs one count.
      if (!failed && !locals.has(id)) return locals.noteHealthy(id);
      // An attempt that was in flight when the breaker opened says nothing new.
      if (shared.openUntil(id) !== null) return undefined;
      return locals.note(id, failed).then((opened) => (opened ? open(id) : undefined));
    },
    dispose: locals.dispose,
  };
}

type LocalBreaker = CircuitBreaker<[boolean], void>;

interface Locals {
  /** It has a window. */
  readonly has: (id: BreakerId) => boolean;
  /** Counts a success of one that has no window. */
  readonly noteHealthy: (id: BreakerId) => undefined;
  /** Counts what an attempt came to; true for the one that opens the breaker. */
  readonly note: (id: BreakerId, failed: boolean) => Promise<boolean>;
  readonly dispose: () => void;
}

/** opossum's windows, as few as possible and turned by one clock (trap 18). */
function openLocals({ failureThreshold }: BreakerSettings): Locals {
  const rotation = new EventEmitter().setMaxListeners(0);
  const rotate = setInterval(() => rotation.emit("rotate"), WINDOW_MS / WINDOW_BUCKETS).unref();
  const healthy = new RecentSuccesses(rotation);
  const breakers = new LRUCache<BreakerId, LocalBreaker>({
    max: BREAKERS_MAX,
    dispose: (breaker) => breaker.shutdown(),
  });
  const breakerOf = (id: BreakerId): LocalBreaker => {
    const known = breakers.get(id);
    if (known !== undefined) return known;
    const breaker = newBreaker(healthy.countOf(id), rotation);
    breakers.set(id, breaker);
    return breaker;
  };
  return {
    has: (id) => breakers.has(id),
    noteHealthy: (id) => healthy.add(id),
    note: async (id, failed) => {
      const breaker = breakerOf(id);
      await fire(breaker, !failed);
      if (!failed) return false;
      const { failures, fires } = breaker.stats;
      const isIll = failures >= failureThreshold && failures >= fires * FAILURE_RATE;
      // Of several failures that come in together only one is the opening one.
      return isIll && breakers.get(id) === breaker && breakers.delete(id);
    },
    dispose: () => {
      clearInterval(rotate);
      breakers.clear();
    },
  };
}

/** Successes of those that have no window, by halves of one: of the last 5 to 10 s, and nothing for who had none. */
class RecentSuccesses {
  #current = new Map<BreakerId, number>();
  #before = new Map<BreakerId, number>();
  #turns = 0;

  constructor(rotation: EventEmitter) {
    rotation.on("rotate", () => {
      this.#turns += 1;
      if (this.#turns % (WINDOW_BUCKETS / 2) !== 0) return;
      this.#before = this.#current;
      this.#current = new Map();
    });
  }

  add(id: BreakerId): undefined {
    this.#current.set(id, (this.#current.get(id) ?? 0) + 1);
  }

  countOf(id: BreakerId): number {
    return (this.#before.get(id) ?? 0) + (this.#current.get(id) ?? 0);
  }
}

/** Never opens by itself: a rate alone is not enough. Its window begins with the successes that came before. */
function newBreaker(successes: number, rotateBucketController: EventEmitter): LocalBreaker {
  const action = (healthy: boolean): Promise<void> => (healthy ? Promise.resolve() : Promise.reject(FAILED));
  const window = {
    rollingCountTimeout: WINDOW_MS,
    rollingCountBuckets: WINDOW_BUCKETS,
    rollingPercentilesEnabled: false,
    enableSnapshots: false,
    rotateBucketController,
  };
  const stats = { ...NO_CALLS, successes, fires: successes };
  const status = CircuitBreaker.newStatus({ ...window, stats });
  return new CircuitBreaker(action, { ...window, timeout: false, errorThresholdPercentage: 100, status });
}

async function fire(breaker: LocalBreaker, healthy: boolean): Promise<void> {
  try {
    await breaker.fire(healthy);
  } catch (error) {
    // opossum hands back our own marker; anything else is a bug that must not pass for a bad receiver.
    if (error !== FAILED) throw error;
  }
}
