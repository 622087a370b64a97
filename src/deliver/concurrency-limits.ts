/**
 * Concurrency limits: how many POSTs may be open to one endpoint. Each has a cap that shrinks when the receiver says it
 * is overloaded and grows back with every success; where nobody has set it, it begins small and grows as long as more open
 * POSTs make answers no slower. What finds the limit full queues here, but a queue holds what others need as well: so it
 * is never longer than half a second of what the endpoint can take. What finds the queue full is turned away, and
 * parked. How long it takes here decides nothing: a worker that is slow itself turns away nobody.
 */
import type { EndpointId, Origin } from "../core/brand.ts";
import { isDestinationId } from "../core/destination.ts";
import type { Endpoint } from "../core/endpoint.ts";
import { originOf } from "../core/origin.ts";
import type { Outcome } from "../core/outcome.ts";

export interface ConcurrencyLimits {
  /** True when admitted (call `leave` afterwards), false when turned away, which who comes from the endpoint's line never is. */
  readonly enter: (endpoint: Endpoint, isFromLine: boolean) => Promise<boolean> | boolean;
  /** `durationMs` and `outcome` teach the limit; both are null when nothing was sent. */
  readonly leave: (id: EndpointId, durationMs: number | null, outcome: Outcome | null) => void;
  /** After an outage: one at a time, then a ramp, not a flood. */
  readonly restart: (id: EndpointId) => void;
  /** The same for all endpoints of an origin. */
  readonly restartOrigin: (origin: Origin) => void;
  /** POSTs that may be open at once, as far as is known. */
  readonly capOf: (id: EndpointId) => number;
  /** POSTs that are open now, to all endpoints. */
  readonly openNow: () => number;
  /** It answers slowly, or has answered nothing for a while: who waits for it does nothing but wait. */
  readonly isSlow: (id: EndpointId) => boolean;
}

/** The cap that a limit which nobody has set begins with. */
const FIRST_CAP = 10;
/** Beyond that it grows only while answers take no longer than so many times those with few open, and a moment. */
const STILL_FAST = 2;
const MOMENT_MS = 5;
export const SLOW_MS = 250;
const QUEUE_MS = 500;
/**
 * Of an endpoint that has answered little it is not known for how long anybody would wait: as many answers as may be open at
 * once come over connections that are only being opened, and the next ones tell.
 */
const FIRST_GUESS_MS = 20;
/** Of what a slower answer than the fastest changes about it: our own load makes answers seem slow, never fast. */
const FORGET = 0.02;

interface OwnPace {
  readonly monotonicMs: () => number;
  /** Ms since then (monotonic ms) in which what took long may have been our own doing. */
  readonly busyMsSince: (sinceMs: number) => number;
}

export function createConcurrencyLimits(own: OwnPace): ConcurrencyLimits {
  const byEndpoint = new Map<EndpointId, ConcurrencyLimit>();
  return {
    enter: (endpoint, isFromLine) => {
      const { id, maxInFlight, growsInFlight } = endpoint;
      let limit = byEndpoint.get(id);
      if (limit === undefined) {
        limit = new ConcurrencyLimit(own);
        byEndpoint.set(id, limit);
      }
      limit.allow(maxInFlight, growsInFlight ? Math.min(maxInFlight, FIRST_CAP) : maxInFlight);
      limit.origin = originOf(endpoint);
      return limit.enter(isFromLine);
    },
    leave: (id, durationMs, outcome) => {
      const limit = byEndpoint.get(id);
      limit?.leave(durationMs, outcome);
      // Some events bring a URL that is never used again, and its limit would stay for good.
      if (isDestinationId(id) && limit?.isIdle()) byEndpoint.delete(id);
    },
    restart: (id) => byEndpoint.get(id)?.restart(),
    restartOrigin: (origin) => {
      for (const limit of byEndpoint.values()) if (limit.origin === origin) limit.restart();
    },
    capOf: (id) => byEndpoint.get(id)?.cap() ?? 1,
    openNow: () => [...byEndpoint.values()].reduce((sum, limit) => sum + limit.open(), 0),
    isSlow: (id) => byEndpoint.get(id)?.isSlow() ?? false,
  };
}

interface Waiting {
  readonly isFromLine: boolean;
  readonly answer: (isAdmitted: boolean) => void;
}

class ConcurrencyLimit {
  origin: Origin | null = null;
  readonly #own: OwnPace;
  #most = 0;
  /** The cap that it began with. */
  #first = 0;
  #cap = 0;
  /** Nothing has said yet that more open POSTs would not help. */
  #isStarting = false;
  #slowInARow = 0;
  #open = 0;
  #waiting: Waiting[] = [];
  /** Of the answers lately, but for the first ones. */
  #fastestMs = Number.POSITIVE_INFINITY;
  /** The same of those that came while few were open. */
  #fastestOfFewMs = Number.POSITIVE_INFINITY;
  #answers = 0;
  /** The moment, in monotonic ms, of the latest answer, or from which one is waited for. */
  #waitedSince = 0;

  constructor(own: OwnPace) {
    this.#own = own;
  }

  allow(most: number, first: number): void {
    if (most === this.#most && first === this.#first) return;
    this.#most = most;
    this.#first = first;
    this.#cap = first;
    this.#isStarting = first < most;
  }

  restart(): void {
    this.#cap = 1;
    this.#isStarting = false;
  }

  open(): number {
    return this.#open;
  }

  isIdle(): boolean {
    return this.#open === 0 && this.#waiting.length === 0;
  }

  cap(): number {
    return Math.max(1, Math.floor(this.#cap));
  }

  isSlow(): boolean {
    if (this.#isKnown() && this.#fastestMs > SLOW_MS) return true;
    return this.#open > 0 && this.#own.monotonicMs() - this.#waitedSince > SLOW_MS;
  }

  enter(isFromLine: boolean): Promise<boolean> | boolean {
    if (this.#open < this.cap()) {
      if (this.#open === 0) this.#waitedSince = this.#own.monotonicMs();
      this.#open += 1;
      return true;
    }
    if (!isFromLine && this.#waiting.length >= this.#room()) return false;
    return new Promise((answer) => this.#waiting.push({ isFromLine, answer }));
  }

  leave(durationMs: number | null, outcome: Outcome | null): void {
    this.#waitedSince = this.#own.monotonicMs();
    if (durationMs !== null) this.#learn(durationMs);
    if (outcome !== null) this.#adapt(outcome, durationMs ?? 0);
    this.#open -= 1;
    while (this.#waiting.length > 0 && this.#open < this.cap()) {
      this.#open += 1;
      this.#waiting.shift()?.answer(true);
    }
    if (this.#waiting.length > this.#room()) this.#shorten();
  }

  #learn(durationMs: number): void {
    this.#answers += 1;
    if (this.#answers <= this.#first) return;
    if (this.#open <= this.#first) this.#fastestOfFewMs = this.#fastest(this.#fastestOfFewMs, durationMs);
    this.#fastestMs = this.#fastest(this.#fastestMs, durationMs);
  }

  #fastest(beforeMs: number, durationMs: number): number {
    if (durationMs <= beforeMs) return durationMs;
    return beforeMs + Math.max(0, this.#theirPart(durationMs) - beforeMs) * FORGET;
  }

  /** Of an answer's time what cannot have been our own doing. */
  #theirPart(durationMs: number): number {
    return durationMs - this.#own.busyMsSince(this.#own.monotonicMs() - durationMs);
  }

  #isKnown(): boolean {
    return this.#answers > this.#first * 2;
  }

  /** Places in the queue. What is turned away once has all that comes after it parked behind it: too early costs much. */
  #room(): number {
    const answerMs = this.#isKnown() ? this.#fastestMs : FIRST_GUESS_MS;
    const cap = this.#isStarting ? this.#most : this.cap();
    return Math.ceil((cap * QUEUE_MS) / Math.max(1, answerMs));
  }

  /** It has become slow, or lets fewer in: the last ones would wait for too long. */
  #shorten(): void {
    const room = this.#room();
    const stays = (one: Waiting, at: number): boolean => one.isFromLine || at < room;
    const turnedAway = this.#waiting.filter((one, at) => !stays(one, at));
    this.#waiting = this.#waiting.filter(stays);
    for (const { answer } of turnedAway) answer(false);
  }

  /**
   * Halved by overload, one more for every full round of successes: the classic that converges (AIMD). Beyond what it began
   * with only while that helps: twice as many after each round until it has not, as TCP's slow start (RFC 5681, 3.1).
   */
  #adapt(outcome: Outcome, durationMs: number): void {
    if (isOverload(outcome)) {
      this.#cap = Math.max(1, this.#cap / 2);
      this.#isStarting = false;
    } else if (outcome.kind === "delivered" && (this.#cap < this.#first || this.#helps(durationMs)))
      this.#cap = Math.min(this.#most, this.#cap + (this.#isStarting ? 1 : 1 / this.#cap));
  }

  /** All that may be open are, and take no longer: more than it works on at once would only wait there instead of here. */
  #helps(durationMs: number): boolean {
    if (!this.#isKnown() || this.#open < this.cap()) return false;
    const fastMs = this.#fastestOfFewMs * STILL_FAST + MOMENT_MS;
    const isStillFast = durationMs <= fastMs;
    if (!isStillFast && this.#theirPart(durationMs) <= fastMs) return false;
    this.#slowInARow = isStillFast ? 0 : this.#slowInARow + 1;
    // A whole round of them: a single one may be our own doing.
    if (this.#slowInARow >= this.cap()) this.#isStarting = false;
    return isStillFast;
  }
}

function isOverload(outcome: Outcome): boolean {
  if (outcome.kind === "unreachable") return outcome.reason === "timeout";
  return outcome.kind === "refused" && (outcome.status === 429 || outcome.status === 503);
}
