/**
 * Wakes the lines of parked deliveries when they are due. One process of the fleet at a time has a line in work; its lease
 * ends by itself, so that a process that dies or stands still is followed by another within seconds.
 */
import type { EndpointId } from "../core/brand.ts";
import { type Tell, tellFailure } from "../core/happening.ts";
import { OWN_FAILURE_RETRY_MS } from "../core/own-failure.ts";
import type { System } from "../core/system.ts";
import type { DrainLine } from "./drain-line.ts";
import type { Parking } from "./ports.ts";
import { waitAtMost } from "./wait-at-most.ts";

interface WakeUpsDeps {
  readonly parking: Pick<Parking, "takeDue" | "renew" | "release">;
  readonly drainLine: DrainLine;
  /** Lines that this process has in work and that are not empty; kept here for whoever asks. */
  readonly inWork: Set<EndpointId>;
  readonly tell: Tell;
  readonly system: Pick<System, "monotonicMs">;
}

interface WakeUps {
  /** Also after a pause. */
  readonly start: () => void;
  /** Nothing more is begun. */
  readonly pause: () => void;
  /** A line is due in so many ms: it need not be found first. */
  readonly expect: (inMs: number) => void;
  /** Gives back what has not ended within the grace. */
  readonly stop: (graceMs: number) => Promise<void>;
}

const LOOK_EVERY_MS = 500;
/** Long enough for those that are parked together. */
const TOGETHER_MS = 5;
const LEASE_MS = 10_000;
const RENEW_EVERY_MS = 3_000;
const LINES_MAX = 1_024;
const GIVE_BACK_MS = 1_000;
const moment = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
/** The end of a lease that is this process' no more. */
const LOST = Number.NEGATIVE_INFINITY;

export function createWakeUps(deps: WakeUpsDeps): WakeUps {
  return new Waker(deps);
}

class Waker implements WakeUps {
  readonly #deps: WakeUpsDeps;
  readonly #leases = new Map<EndpointId, { heldUntil: number; readonly ended: Promise<void> }>();
  #isPaused = true;
  #isStopped = false;
  #timer: NodeJS.Timeout | undefined;
  #dueAt = Number.POSITIVE_INFINITY;
  #looking: Promise<void> | null = null;
  #lookAgain = false;
  #renewal: NodeJS.Timeout | undefined;

  constructor(deps: WakeUpsDeps) {
    this.#deps = deps;
  }

  start = (): void => {
    this.#isPaused = false;
    this.#renewal ??= setInterval(() => void this.#renew(), RENEW_EVERY_MS).unref();
    this.expect(0);
  };

  pause = (): void => {
    this.#isPaused = true;
  };

  expect = (inMs: number): void => {
    const dueAt = this.#deps.system.monotonicMs() + Math.max(TOGETHER_MS, inMs);
    if (this.#isPaused || this.#isStopped || dueAt >= this.#dueAt) return;
    clearTimeout(this.#timer);
    this.#dueAt = dueAt;
    this.#timer = setTimeout(() => void this.#look(), Math.max(TOGETHER_MS, inMs)).unref();
  };

  stop = async (graceMs: number): Promise<void> => {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    const ended = async (): Promise<void> => {
      // Nothing is in work by it yet, and without Redis it does not end.
      if (this.#looking !== null) await waitAtMost(GIVE_BACK_MS, this.#looking);
      await Promise.all([...this.#leases.values()].map((one) => one.ended));
    };
    await waitAtMost(graceMs, ended());
    clearInterval(this.#renewal);
    const left = [...this.#leases];
    for (const [, lease] of left) lease.heldUntil = LOST;
    // Without Redis the leases end by themselves.
    await waitAtMost(GIVE_BACK_MS, Promise.all(left.map(([id]) => this.#release(id, 0))));
  };

  async #look(): Promise<void> {
    this.#dueAt = Number.POSITIVE_INFINITY;
    if (this.#looking !== null) {
      // The look under way may have come too early for what was parked since.
      this.#lookAgain = true;
      return;
    }
    this.#looking = this.#takeDue();
    await this.#looking;
    this.#looking = null;
    this.expect(this.#lookAgain ? 0 : LOOK_EVERY_MS);
    this.#lookAgain = false;
  }

  async #takeDue(): Promise<void> {
    const room = LINES_MAX - this.#leases.size;
    if (room <= 0) return;
    const askedAt = this.#deps.system.monotonicMs();
    try {
      for (const id of await this.#deps.parking.takeDue(room, LEASE_MS)) this.#work(id, askedAt);
    } catch (error) {
      tellFailure(this.#deps.tell, "take_due_lines")(error);
    }
  }

  #work(id: EndpointId, askedAt: number): void {
    // Lost while this process stood still: the earlier work on it comes to its end first.
    if (this.#leases.has(id)) return;
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    const lease = { heldUntil: askedAt + LEASE_MS, ended };
    this.#leases.set(id, lease);
    this.#deps.inWork.add(id);
    void this.#drain(id, lease).finally(() => {
      this.#leases.delete(id);
      this.#deps.inWork.delete(id);
      resolve();
    });
  }

  async #drain(id: EndpointId, lease: { readonly heldUntil: number }): Promise<void> {
    const { drainLine, inWork, tell, system } = this.#deps;
    const holdsLease = (): boolean => system.monotonicMs() < lease.heldUntil;
    const goesOn = (): boolean => !this.#isPaused && !this.#isStopped;
    const setEmpty = (isEmpty: boolean): void => {
      if (isEmpty) inWork.delete(id);
      else inWork.add(id);
    };
    let againInMs = OWN_FAILURE_RETRY_MS;
    try {
      againInMs = await drainLine({ id, holdsLease, goesOn, setEmpty });
    } catch (error) {
      // A line that was given back is another's, and a POST of it that was let go is no failure.
      if (holdsLease()) tellFailure(tell, "drain_line")(error);
    }
    // Also where the lease has ended by this process' own clock: Redis knows whose it is.
    while (!(await this.#release(id, againInMs)) && holdsLease() && goesOn()) await moment();
    this.expect(againInMs);
  }

  /** False where Redis would not take it back, as while a Cluster moves our slot: nobody takes it before the lease has ended. */
  #release(id: EndpointId, inMs: number): Promise<boolean> {
    const refused = tellFailure(this.#deps.tell, "release_line");
    return this.#deps.parking.release(id, inMs).then(
      () => true,
      (error: unknown) => {
        refused(error);
        return false;
      },
    );
  }

  async #renew(): Promise<void> {
    if (this.#leases.size === 0) return;
    const { parking, system, tell } = this.#deps;
    const held = [...this.#leases];
    const askedAt = system.monotonicMs();
    try {
      const lost = new Set(
        await parking.renew(
          held.map(([id]) => id),
          LEASE_MS,
        ),
      );
      for (const [id, lease] of held) {
        if (lost.has(id)) lease.heldUntil = LOST;
        // One that was given back meanwhile stays so.
        else if (lease.heldUntil !== LOST) lease.heldUntil = askedAt + LEASE_MS;
      }
    } catch (error) {
      tellFailure(tell, "renew_lines")(error);
    }
  }
}
