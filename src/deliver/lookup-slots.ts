/**
 * Slots for look-ups of names, so that names that no server answers for leave room for the others. A look-up that takes
 * long gives its slot back and goes on among the slow ones, whose number is bounded as well; a name that nobody answered for
 * the last time begins there. Who waits longer than a moment is refused: that is our own failure, not the name's.
 */
import { resolverUnavailable } from "./local-exhaustion.ts";

export interface LookupBounds {
  /** Look-ups that have begun just now. */
  readonly quick: number;
  /** Those that take longer. */
  readonly slow: number;
  /** From then on a look-up is a slow one, in ms. */
  readonly slowAfterMs: number;
  /** For so long one waits for its slot, in ms: less than the shortest deadline of an endpoint. */
  readonly startWithinMs: number;
}

type LookupPace = "quick" | "slow";

export class LookupSlots {
  readonly #bounds: LookupBounds;
  readonly #used = { quick: 0, slow: 0 };
  /** Each is to be called once it has its slot, first come, first served. */
  readonly #waiting = { quick: new Set<() => void>(), slow: new Set<() => void>() };
  /** Look-ups that would be slow ones by now, and found no room there. */
  readonly #overdue = new Set<() => void>();

  constructor(bounds: LookupBounds) {
    this.#bounds = bounds;
  }

  /** Resolves with what gives the slot back; rejects with RESOLVER_UNAVAILABLE when there was none in time. */
  async enter(pace: LookupPace): Promise<() => void> {
    if (this.#used[pace] < this.#bounds[pace]) this.#used[pace] += 1;
    else await this.#turn(pace);
    return this.#begin(pace);
  }

  #turn(pace: LookupPace): Promise<void> {
    const waiting = this.#waiting[pace];
    return new Promise((resolve, reject) => {
      const enter = (): void => {
        clearTimeout(timer);
        waiting.delete(enter);
        resolve();
      };
      const refuse = (): void => {
        waiting.delete(enter);
        reject(resolverUnavailable(`${this.#used.quick + this.#used.slow} look-ups that have not ended yet`));
      };
      const timer = setTimeout(refuse, this.#bounds.startWithinMs);
      waiting.add(enter);
    });
  }

  #begin(pace: LookupPace): () => void {
    let isIn = pace;
    const becomeSlow = (): void => {
      this.#overdue.delete(becomeSlow);
      isIn = "slow";
      this.#leave("quick");
    };
    const grow = (): void => {
      if (this.#used.slow >= this.#bounds.slow) return void this.#overdue.add(becomeSlow);
      this.#used.slow += 1;
      becomeSlow();
    };
    const timer = pace === "quick" ? setTimeout(grow, this.#bounds.slowAfterMs) : undefined;
    return () => {
      clearTimeout(timer);
      this.#overdue.delete(becomeSlow);
      this.#leave(isIn);
    };
  }

  /** Hands the slot on to whoever waits for it. */
  #leave(pace: LookupPace): void {
    const [overdue] = pace === "slow" ? this.#overdue : [];
    const [first] = this.#waiting[pace];
    const next = overdue ?? first;
    if (next === undefined) this.#used[pace] -= 1;
    else next();
  }
}
