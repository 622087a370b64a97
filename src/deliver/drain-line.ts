/**
 * Drains the line of one endpoint: takes from its head as many as the endpoint can take, first come first served, until it
 * is empty or the endpoint can take no more. A parked delivery stays in its line until what became of it is recorded and
 * carried out, so that a worker that dies loses none; whoever has the line next reads what was recorded, and repeats
 * nothing of it.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { EndpointId } from "../core/brand.ts";
import type { Delivery, DeliveryState } from "../core/delivery.ts";
import type { JobLease } from "../core/job-lease.ts";
import { NEWER_RETRY_MS, POISON_CRASHES, SUSPECT_CRASHES } from "../core/own-failure.ts";
import type { System } from "../core/system.ts";
import type { AttemptSlots } from "./attempt-slots.ts";
import { type CarryOutDeps, carryOut, NEVER_WAITED } from "./carry-out.ts";
import type { ConcurrencyLimits } from "./concurrency-limits.ts";
import type { Decided, Deliver } from "./deliver.ts";
import type { EndedTurn, EventLedger, Outbox, ParkedDelivery, Parking } from "./ports.ts";
import { recall } from "./recall.ts";
import { waitAtMost } from "./wait-at-most.ts";

export interface LineInWork {
  readonly id: EndpointId;
  readonly holdsLease: JobLease;
  /** False once nothing more is to be begun. */
  readonly goesOn: () => boolean;
  /** While it is empty, what is new need not go behind it. */
  readonly setEmpty: (isEmpty: boolean) => void;
}

/** Resolves with in how many ms the line is to be looked at again; rejects for a failure of our own. */
export type DrainLine = (line: LineInWork) => Promise<number>;

interface DrainDeps extends CarryOutDeps {
  readonly parking: Pick<Parking, "park" | "take" | "begin" | "end">;
  readonly ledger: Pick<EventLedger, "statesOf">;
  readonly outbox: Outbox;
  readonly deliver: Deliver;
  readonly slots: AttemptSlots;
  /** Hears of what fails for one delivery alone. */
  readonly fail: (error: unknown) => void;
  readonly system: Pick<System, "now" | "monotonicMs">;
  readonly limits: Pick<ConcurrencyLimits, "capOf">;
}

/** A hold that is shorter is waited for here: an endpoint's rate is used to the full. */
const WAIT_HERE_MS = 2_000;
/** A delivery that is taken is sent soon: until then a person may still cancel it. */
const TAKE_FOR_MS = 250;
const WINDOW_MAX = 128;
/** For so long those that end are gathered before more are taken. */
const GATHER_MS = 50;
/** The same while more are begun than may be open at once, so that the next ones are at hand. */
const GATHER_MAX_MS = 500;
/** While some are open and the line is empty. */
const LOOK_AGAIN_MS = 100;
const FAILURES_MAX = 3;
/** No hold is so short that asking again at once would not be a busy loop. */
const HOLD_MIN_MS = 10;

export function createDrainLine(deps: DrainDeps): DrainLine {
  return (line) => new LineDrain(line, deps).run();
}

class LineDrain {
  readonly #line: LineInWork;
  readonly #deps: DrainDeps;
  readonly #id: EndpointId;
  /** Names of those in work, of those that have ended and whose end is not written yet, and of those passed over. */
  readonly #known = new Set<string>();
  /** Those that may have killed their worker: they go one at a time, so that the guilty one is found. */
  readonly #suspects: Taken[] = [];
  /** Those that this process can do nothing for. They keep nobody behind them. */
  readonly #passedOver: string[] = [];
  #open = 0;
  #ended: EndedTurn[] = [];
  #window = 1;
  #takenAt = Number.NEGATIVE_INFINITY;
  /** The moment, in monotonic ms, until which the endpoint takes nothing more. */
  #heldUntil: number | null = null;
  #failures = 0;
  #failure: { readonly error: unknown } | null = null;
  #finished = Promise.withResolvers<void>();

  constructor(line: LineInWork, deps: DrainDeps) {
    this.#line = line;
    this.#deps = deps;
    this.#id = line.id;
  }

  async run(): Promise<number> {
    try {
      while (this.#goesOn() && (await this.#step()));
    } catch (error) {
      this.#failure ??= { error };
    }
    while (this.#open > 0) await this.#finished.promise;
    for (const name of this.#passedOver) this.#ended.push({ name, goesTo: "line" });
    await this.#end();
    if (this.#failure !== null) throw this.#failure.error;
    if (this.#heldUntil !== null) return Math.max(0, this.#heldUntil - this.#deps.system.monotonicMs());
    return this.#passedOver.length > 0 ? NEWER_RETRY_MS : 0;
  }

  #goesOn(): boolean {
    return this.#failure === null && this.#line.holdsLease() && this.#line.goesOn();
  }

  /** False when there is nothing more to do now. */
  async #step(): Promise<boolean> {
    if (this.#heldUntil !== null) return await this.#waitHere(this.#heldUntil);
    if (this.#suspects.length > 0) return await this.#tryAlone();
    // Some of those that are open may hang, and what is free must not wait for them.
    const isHalfUsed = await this.#untilHalfUsed();
    await this.#end();
    if (this.#roomNow() <= 0 || this.#heldUntil !== null) return true;
    const taken = await this.#take(isHalfUsed);
    this.#line.setEmpty(taken.length === 0);
    for (const one of taken) {
      this.#known.add(one.parked.name);
      if (one.parked.crashes >= SUSPECT_CRASHES) this.#suspects.push(one);
      else this.#begin(one);
    }
    if (taken.length > 0) return true;
    if (this.#open === 0) return this.#heldUntil !== null;
    await this.#untilFinished(LOOK_AGAIN_MS);
    return true;
  }

  /** Waits out a hold that is short, and what is open; false when a long one is left. */
  async #waitHere(heldUntil: number): Promise<boolean> {
    const leftMs = heldUntil - this.#deps.system.monotonicMs();
    if (this.#open === 0 && leftMs > WAIT_HERE_MS) return false;
    if (this.#open > 0) await this.#untilFinished(Math.max(leftMs, HOLD_MIN_MS));
    else await pause(Math.max(leftMs, HOLD_MIN_MS));
    await this.#end();
    if (this.#deps.system.monotonicMs() >= heldUntil) this.#heldUntil = null;
    return true;
  }

  /** Gathers room, so that several are taken together; false where it was not to be had while places are free. */
  async #untilHalfUsed(): Promise<boolean> {
    const { monotonicMs } = this.#deps.system;
    const beganAt = monotonicMs();
    while (this.#roomNow() < this.#windowNow() / 2) {
      const isStarved = this.#open < this.#deps.limits.capOf(this.#id);
      const leftMs = beganAt + (isStarved ? GATHER_MS : GATHER_MAX_MS) - monotonicMs();
      if (leftMs <= 0 || this.#heldUntil !== null || !this.#goesOn()) return false;
      await this.#untilFinished(leftMs);
    }
    return true;
  }

  /** Until one of those that are open has ended, or so many ms have passed. */
  #untilFinished(withinMs: number): Promise<void> {
    return waitAtMost(withinMs, this.#finished.promise);
  }

  async #tryAlone(): Promise<boolean> {
    while (this.#open > 0) await this.#finished.promise;
    await this.#end();
    const suspect = this.#suspects.shift();
    if (suspect === undefined || !this.#goesOn()) return false;
    const { parked } = suspect;
    await this.#deps.parking.begin(this.#id, parked.name);
    // Those before it took their time.
    const [fresh = suspect] = await this.#withStates([parked]);
    this.#begin(parked.crashes >= POISON_CRASHES ? { ...fresh, isPoison: true } : fresh);
    while (this.#open > 0) await this.#finished.promise;
    return true;
  }

  #windowNow(): number {
    return Math.max(this.#window, this.#deps.limits.capOf(this.#id));
  }

  #roomNow(): number {
    return this.#windowNow() - this.#open;
  }

  async #take(isHalfUsed: boolean): Promise<readonly Taken[]> {
    const parked = await this.#deps.parking.take(this.#id, this.#roomNow(), this.#known);
    if (isHalfUsed) this.#adapt(this.#deps.system.monotonicMs());
    return await this.#withStates(parked);
  }

  async #withStates(parked: readonly ParkedDelivery[]): Promise<readonly Taken[]> {
    const deliveries = parked.flatMap(({ read }) => (read.kind === "delivery" ? [read.delivery] : []));
    const states = deliveries.length === 0 ? [] : await this.#deps.ledger.statesOf(deliveries);
    let at = 0;
    return parked.map((one) => {
      const state = one.read.kind === "delivery" ? (states[at++] ?? null) : null;
      return { parked: one, state, isPoison: false };
    });
  }

  /** Doubled while it is used up quickly, halved when it takes long. */
  #adapt(nowMs: number): void {
    const tookMs = nowMs - this.#takenAt;
    if (tookMs < TAKE_FOR_MS) this.#window = Math.min(WINDOW_MAX, this.#window * 2);
    else if (tookMs > TAKE_FOR_MS * 2) this.#window = Math.max(1, this.#window / 2);
    this.#takenAt = nowMs;
  }

  #begin(taken: Taken): void {
    this.#open += 1;
    this.#settle(taken)
      .catch((error: unknown) => this.#fail(taken.parked.name, error))
      .finally(() => {
        this.#open -= 1;
        this.#finished.resolve();
        this.#finished = Promise.withResolvers();
      });
  }

  /** One that fails by itself is passed over; when several do, something is wrong with this process. */
  #fail(name: string, error: unknown): void {
    this.#failures += 1;
    this.#passedOver.push(name);
    if (this.#failures >= FAILURES_MAX || !this.#line.holdsLease()) this.#failure ??= { error };
    else this.#deps.fail(error);
  }

  async #settle({ parked, state, isPoison }: Taken): Promise<void> {
    const { read, name, heldSince } = parked;
    if (read.kind === "newer") return void this.#passedOver.push(name);
    if (read.kind === "unreadable") return await this.#buryText(parked, read.problem);
    const { system, outbox } = this.#deps;
    // One that was handed on, and never held before, is held from then on.
    const delivery = { ...read.delivery, heldSince: read.delivery.heldSince ?? heldSince };
    const decided = recall(delivery, state, system.now()) ?? (await this.#try(delivery, isPoison));
    const { verdict } = decided;
    if (verdict.kind === "hold") return this.#hold(name, verdict.inMs);
    await carryOut(decided, outbox.scheduleFromLine, NEVER_WAITED, this.#deps);
    this.#ended.push({ name, goesTo: verdict.kind === "retry" ? "job" : "nowhere" });
  }

  async #try(delivery: Delivery, isPoison: boolean): Promise<Decided> {
    if (isPoison) return { verdict: { kind: "bury", because: "poison" }, delivery };
    const { slots, deliver } = this.#deps;
    return await slots.run(this.#id, () => deliver(delivery, this.#line.holdsLease, FROM_LINE), NO_SLOT);
  }

  /** Of several that are held the first that may go says when. */
  #hold(name: string, forMs: number): void {
    const until = this.#deps.system.monotonicMs() + Math.max(forMs, HOLD_MIN_MS);
    this.#heldUntil = Math.min(until, this.#heldUntil ?? until);
    this.#ended.push({ name, goesTo: "line" });
  }

  async #end(): Promise<void> {
    const ended = this.#ended;
    if (ended.length === 0) return;
    this.#ended = [];
    await this.#deps.parking.end(this.#id, ended);
    for (const { name } of ended) this.#known.delete(name);
  }

  async #buryText({ name, heldSince, text }: ParkedDelivery, problem: string): Promise<void> {
    const buriedAt = new Date(this.#deps.system.now()).toISOString();
    const jobId = `${this.#id}:${name}`;
    const letter = {
      kind: "job",
      jobId,
      addedAt: heldSince,
      text,
      problem,
      because: "invalid",
      buriedAt,
    } as const;
    await this.#deps.outbox.bury(letter);
    this.#ended.push({ name, goesTo: "nowhere" });
  }
}

interface Taken {
  readonly parked: ParkedDelivery;
  readonly state: DeliveryState | null;
  readonly isPoison: boolean;
}

const FROM_LINE = true;
/** A line has no job whose slot it could lend. */
const NO_SLOT = (): void => undefined;
