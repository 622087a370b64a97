/**
 * Concurrency limits: how many POSTs may be open to one endpoint. Each has a cap that shrinks when the receiver says it
 * is overloaded and grows back with every success. What finds the limit full waits in line, but holding a batch's slot:
 * so the line is never longer than half a second of what the endpoint can take. What is beyond that is turned away, and
 * told to come back at the moment the endpoint will have room for it.
 */
import type { EndpointId } from "../core/brand.ts";
import { isDestinationId } from "../core/destination.ts";
import type { Endpoint } from "../core/endpoint.ts";
import type { Outcome } from "../core/outcome.ts";

export interface ConcurrencyLimits {
  /** 0 when admitted (call `leave` afterwards), else for how many ms to hold the delivery. */
  readonly enter: (endpoint: Endpoint) => Promise<number> | number;
  /** `durationMs` and `outcome` teach the limit; both are null when nothing was sent. */
  readonly leave: (id: EndpointId, durationMs: number | null, outcome: Outcome | null) => void;
  /** After an outage: one at a time, then a ramp, not a flood. */
  readonly restart: (id: EndpointId) => void;
}

const LOOK_EVERY_MS = 500;
const LOOK_LATE_MS = 100;
const HOLD_MIN_MS = 500;
const HOLD_MAX_MS = 10 * 60_000;

export function createConcurrencyLimits(monotonicMs: () => number): ConcurrencyLimits {
  const byEndpoint = new Map<EndpointId, ConcurrencyLimit>();
  return {
    enter: ({ id, maxInFlight }) => {
      let limit = byEndpoint.get(id);
      if (limit === undefined) {
        limit = new ConcurrencyLimit(monotonicMs);
        byEndpoint.set(id, limit);
      }
      limit.allow(maxInFlight);
      return limit.enter();
    },
    leave: (id, durationMs, outcome) => {
      const limit = byEndpoint.get(id);
      limit?.leave(durationMs, outcome);
      // Some events bring a URL that is never used again, and its limit would stay for good.
      if (isDestinationId(id) && limit?.isIdle()) byEndpoint.delete(id);
    },
    restart: (id) => byEndpoint.get(id)?.restart(),
  };
}

class ConcurrencyLimit {
  readonly #monotonicMs: () => number;
  #most = 0;
  #cap = 0;
  #open = 0;
  #waiting: ((holdMs: number) => void)[] = [];
  /** Of those that left since the last look; null when none did. */
  #fastestMs: number | null = null;
  /** Places in line: null until the limit has been full for a look's time. */
  #room: number | null = null;
  /** The moment up to which held deliveries already fill the endpoint's pace, in monotonic ms. */
  #bookedUntil = 0;
  #nextLook: NodeJS.Timeout | undefined;
  #lookDueAt = 0;
  #isFirstLook = true;

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
  }

  allow(most: number): void {
    if (most === this.#most) return;
    this.#most = most;
    this.#cap = most;
  }

  restart(): void {
    this.#cap = 1;
  }

  isIdle(): boolean {
    return this.#open === 0 && this.#waiting.length === 0 && this.#bookedUntil <= this.#monotonicMs();
  }

  enter(): Promise<number> | number {
    if (this.#hasRoom()) {
      this.#room = null;
      this.#open += 1;
      return 0;
    }
    if (this.#room !== null && this.#waiting.length >= this.#room) return this.#book();
    this.#startLooking();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  leave(durationMs: number | null, outcome: Outcome | null): void {
    this.#open -= 1;
    if (durationMs !== null) this.#fastestMs = Math.min(durationMs, this.#fastestMs ?? durationMs);
    if (outcome !== null) this.#adapt(outcome);
    while (this.#waiting.length > 0 && this.#hasRoom()) {
      this.#open += 1;
      this.#waiting.shift()?.(0);
    }
  }

  #hasRoom(): boolean {
    return this.#open < Math.max(1, Math.floor(this.#cap));
  }

  /** Halved by overload, one more for every full round of successes: the classic that converges (AIMD). */
  #adapt(outcome: Outcome): void {
    if (outcome.kind === "delivered") this.#cap = Math.min(this.#most, this.#cap + 1 / this.#cap);
    else if (isOverload(outcome)) this.#cap = Math.max(1, this.#cap / 2);
  }

  #startLooking(): void {
    if (this.#nextLook !== undefined) return;
    this.#fastestMs = null;
    this.#isFirstLook = true;
    this.#lookDueAt = this.#monotonicMs() + LOOK_EVERY_MS;
    // After its timers the event loop reads its sockets and then comes here.
    this.#nextLook = setTimeout(() => setImmediate(() => this.#look()), LOOK_EVERY_MS).unref();
  }

  #look(): void {
    if (this.#isTelling()) {
      this.#room = this.#roomByFastest();
      for (const turnAway of this.#waiting.splice(this.#room)) turnAway(this.#book());
    }
    this.#fastestMs = null;
    this.#isFirstLook = false;
    this.#lookDueAt = this.#monotonicMs() + LOOK_EVERY_MS;
    if (this.#waiting.length > 0) this.#nextLook?.refresh();
    else this.#nextLook = undefined;
  }

  /** A late look means that we were busy, and a limit that is still filling shows little: neither is the endpoint's. */
  #isTelling(): boolean {
    if (this.#monotonicMs() - this.#lookDueAt > LOOK_LATE_MS) return false;
    return !this.#isFirstLook || this.#fastestMs === null;
  }

  /**
   * The number that the endpoint can take until the next look, by its fastest answer: our own load makes answers seem
   * slow, never fast, and turning work away under our own load would only make more of it.
   */
  #roomByFastest(): number {
    if (this.#fastestMs === null) return 0;
    return Math.ceil((this.#cap * LOOK_EVERY_MS) / Math.max(1, this.#fastestMs));
  }

  /** For how long to hold a delivery: each comes after the one booked before it, at the endpoint's pace. */
  #book(): number {
    const now = this.#monotonicMs();
    const paceMs = LOOK_EVERY_MS / Math.max(this.#room ?? 0, this.#cap);
    this.#bookedUntil = Math.max(now + HOLD_MIN_MS, this.#bookedUntil + paceMs);
    return Math.min(this.#bookedUntil - now, HOLD_MAX_MS);
  }
}

function isOverload(outcome: Outcome): boolean {
  if (outcome.kind === "unreachable") return outcome.reason === "timeout";
  return outcome.kind === "refused" && (outcome.status === 429 || outcome.status === 503);
}
