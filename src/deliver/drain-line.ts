/**
 * Drains the line of one endpoint: takes from its head as many as the endpoint can take, first come first served, until it
 * is empty or the endpoint can take no more. A parked delivery stays in its line until what became of it is recorded and
 * carried out, so that a worker that dies loses none; whoever has the line next reads what was recorded, and repeats
 * nothing of it.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { EndpointId } from "../core/brand.ts";
import { type Delivery, type DeliveryState, SUSPECT_CRASHES } from "../core/delivery.ts";
import type { JobLease } from "../core/job-lease.ts";
import { type CarryOutDeps, carryOut, NEVER_WAITED } from "./carry-out.ts";
import type { ConcurrencyLimits } from "./concurrency-limits.ts";
import type { Decided, Deliver } from "./deliver.ts";
import type { EndedTurn, EventLedger, Outbox, ParkedDelivery, Parking } from "./ports.ts";
import { recall } from "./recall.ts";

export interface LineInWork {
  readonly id: EndpointId;
  readonly holdsLease: JobLease;
  /** False once nothing more is to be begun. */
  readonly goesOn: () => boolean;
}

/** Resolves with in how many ms the line is to be looked at again; rejects for a failure of our own. */
export type DrainLine = (line: LineInWork) => Promise<number>;

export interface DrainDeps extends CarryOutDeps {
  readonly parking: Pick<Parking, "park" | "take" | "begin" | "end">;
  readonly ledger: Pick<EventLedger, "bury" | "statesOf">;
  readonly outbox: Outbox;
  readonly deliver: Deliver;
  readonly limits: Pick<ConcurrencyLimits, "capOf">;
}

/** As of jobs (queue/workers.ts). */
const POISON_CRASHES = 8;
/** A hold that is shorter is waited for here: an endpoint's rate is used to the full. */
const WAIT_HERE_MS = 2_000;
/** Deliveries of a newer version wait for a newer worker. */
const NEWER_RETRY_MS = 10_000;
/** A delivery that is taken is sent soon: until then a person may still cancel it. */
const TAKE_FOR_MS = 250;
const WINDOW_MAX = 128;
/** No hold is so short that asking again at once would not be a busy loop. */
const HOLD_MIN_MS = 10;

export function createDrainLine(deps: DrainDeps): DrainLine {
  return (line) => new LineDrain(line, deps).run();
}

class LineDrain {
  readonly #line: LineInWork;
  readonly #deps: DrainDeps;
  readonly #id: EndpointId;
  /** Names of those in work, and of those that are done and still in the line. */
  readonly #known = new Set<string>();
  /** Those that may have killed their worker: they go one at a time, so that the guilty one is found. */
  readonly #suspects: Taken[] = [];
  #open = 0;
  #ended: EndedTurn[] = [];
  #window = 1;
  #takenAt = Number.NEGATIVE_INFINITY;
  /** For how long the endpoint takes nothing more. */
  #heldForMs: number | null = null;
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
    await this.#end();
    if (this.#failure !== null) throw this.#failure.error;
    return this.#heldForMs ?? 0;
  }

  #goesOn(): boolean {
    return this.#failure === null && this.#line.holdsLease() && this.#line.goesOn();
  }

  /** False when there is nothing more to do now. */
  async #step(): Promise<boolean> {
    if (this.#heldForMs !== null) return await this.#waitHere();
    if (this.#suspects.length > 0) return await this.#tryAlone();
    const room = this.#roomNow();
    if (room < this.#windowNow() / 2) {
      await this.#finished.promise;
      return true;
    }
    await this.#end();
    const taken = await this.#take(room);
    for (const one of taken) {
      this.#known.add(one.parked.name);
      if (one.parked.crashes >= SUSPECT_CRASHES) this.#suspects.push(one);
      else this.#begin(one);
    }
    if (taken.length > 0) return true;
    if (this.#open === 0) return false;
    await this.#finished.promise;
    return true;
  }

  /** Waits for a short hold; false for a long one. */
  async #waitHere(): Promise<boolean> {
    while (this.#open > 0) await this.#finished.promise;
    if (this.#heldForMs === null || this.#heldForMs > WAIT_HERE_MS) return false;
    await this.#end();
    await pause(this.#heldForMs);
    this.#heldForMs = null;
    return true;
  }

  async #tryAlone(): Promise<boolean> {
    while (this.#open > 0) await this.#finished.promise;
    await this.#end();
    const suspect = this.#suspects.shift();
    if (suspect === undefined || !this.#goesOn()) return false;
    const { parked } = suspect;
    await this.#deps.parking.begin(this.#id, parked.name);
    this.#begin(parked.crashes >= POISON_CRASHES ? { ...suspect, isPoison: true } : suspect);
    return true;
  }

  #windowNow(): number {
    return Math.max(this.#window, this.#deps.limits.capOf(this.#id));
  }

  #roomNow(): number {
    return this.#windowNow() - this.#open;
  }

  async #take(room: number): Promise<readonly Taken[]> {
    const { parking, ledger, system } = this.#deps;
    const parked = await parking.take(this.#id, room, this.#known);
    const deliveries = parked.flatMap(({ read }) => (read.kind === "delivery" ? [read.delivery] : []));
    const states = deliveries.length === 0 ? [] : await ledger.statesOf(deliveries);
    this.#adapt(system.now());
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
      .catch((error: unknown) => {
        this.#stays(taken.parked.name);
        this.#failure ??= { error };
      })
      .finally(() => {
        this.#open -= 1;
        this.#finished.resolve();
        this.#finished = Promise.withResolvers();
      });
  }

  async #settle({ parked, state, isPoison }: Taken): Promise<void> {
    const { read, name } = parked;
    if (read.kind === "newer") return this.#hold(name, NEWER_RETRY_MS);
    if (read.kind === "unreadable") return await this.#buryText(parked, read.problem);
    const { delivery } = read;
    const { system, outbox } = this.#deps;
    const decided = recall(delivery, state, system.now()) ?? (await this.#try(delivery, isPoison));
    const { verdict } = decided;
    if (verdict.kind === "hold") return this.#hold(name, verdict.inMs);
    await carryOut(decided, outbox.schedule, NEVER_WAITED, this.#deps);
    this.#ended.push({ name, goesTo: verdict.kind === "retry" ? "job" : "nowhere" });
  }

  async #try(delivery: Delivery, isPoison: boolean): Promise<Decided> {
    if (isPoison) return { verdict: { kind: "bury", because: "poison" }, delivery };
    return await this.#deps.deliver(delivery, this.#line.holdsLease, FROM_LINE);
  }

  /** Of several that are held the first that may go says when. */
  #hold(name: string, forMs: number): void {
    this.#heldForMs = Math.min(Math.max(forMs, HOLD_MIN_MS), this.#heldForMs ?? Number.POSITIVE_INFINITY);
    this.#stays(name);
  }

  #stays(name: string): void {
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
