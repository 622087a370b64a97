/**
 * Drains the line of one endpoint: takes from its head as many as the endpoint can take, first come first served, until it
 * is empty or the endpoint can take no more. A parked delivery stays in its line until what became of it is recorded and
 * carried out, so that a worker that dies loses none; whoever has the line next reads what was recorded, and repeats
 * nothing of it.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { EndpointId } from "../core/brand.ts";
import type { DeliveryState } from "../core/delivery.ts";
import type { JobLease } from "../core/job-lease.ts";
import { type CarryOutDeps, carryOut, NEVER_WAITED } from "./carry-out.ts";
import type { ConcurrencyLimits } from "./concurrency-limits.ts";
import type { Decided, Deliver } from "./deliver.ts";
import type { DoneWaiting, EventLedger, Outbox, ParkedDelivery, Parking, TakenLine } from "./ports.ts";
import { recall } from "./recall.ts";

export interface LineInWork extends TakenLine {
  readonly holdsLease: JobLease;
  /** False once nothing more is to be begun. */
  readonly goesOn: () => boolean;
}

/** Resolves with in how many ms the line is to be looked at again; rejects for a failure of our own. */
export type DrainLine = (line: LineInWork) => Promise<number>;

export interface DrainDeps extends CarryOutDeps {
  readonly parking: Pick<Parking, "park" | "head" | "remove" | "survived">;
  readonly ledger: Pick<EventLedger, "bury" | "statesOf">;
  readonly outbox: Outbox;
  readonly deliver: Deliver;
  readonly limits: Pick<ConcurrencyLimits, "capOf">;
}

/** From so many crashes on its deliveries go one at a time, so that the guilty one is found. */
const ALONE_CRASHES = 2;
/** As of jobs (queue/workers.ts). */
const POISON_CRASHES = 8;
/** A hold that is shorter is waited for here: an endpoint's rate is used to the full. */
const WAIT_HERE_MS = 2_000;
/** Deliveries of a newer version wait for a newer worker. */
const NEWER_RETRY_MS = 10_000;
/** A delivery that is taken is sent soon: until then a person may still cancel it. */
const TAKE_FOR_MS = 250;
const WINDOW_MAX = 128;

export function createDrainLine(deps: DrainDeps): DrainLine {
  return (line) => new LineDrain(line, deps).run();
}

class LineDrain {
  readonly #line: LineInWork;
  readonly #deps: DrainDeps;
  readonly #id: EndpointId;
  /** Names of those in work, and of those that are done and still in the line. */
  readonly #known = new Set<string>();
  #open = 0;
  #done: DoneWaiting[] = [];
  #window = 1;
  #takenAt = Number.NEGATIVE_INFINITY;
  /** For how long the endpoint takes nothing more. */
  #heldForMs: number | null = null;
  #failure: { readonly error: unknown } | null = null;
  #isAlone: boolean;
  #finished = Promise.withResolvers<void>();

  constructor(line: LineInWork, deps: DrainDeps) {
    this.#line = line;
    this.#deps = deps;
    this.#id = line.id;
    this.#isAlone = line.crashes >= ALONE_CRASHES;
  }

  async run(): Promise<number> {
    try {
      if (this.#line.crashes >= POISON_CRASHES) await this.#buryHead();
      else while (this.#goesOn() && (await this.#step()));
    } catch (error) {
      this.#failure ??= { error };
    }
    while (this.#open > 0) await this.#finished.promise;
    await this.#remove();
    if (this.#failure !== null) throw this.#failure.error;
    return this.#heldForMs ?? 0;
  }

  #goesOn(): boolean {
    return this.#failure === null && this.#line.holdsLease() && this.#line.goesOn();
  }

  /** False when there is nothing more to do now. */
  async #step(): Promise<boolean> {
    if (this.#heldForMs !== null) return await this.#waitHere();
    const room = this.#roomNow();
    if (room < this.#windowNow() / 2) {
      await this.#finished.promise;
      return true;
    }
    await this.#remove();
    const taken = await this.#take(room);
    for (const [parked, state] of taken) this.#begin(parked, state);
    if (taken.length > 0) return true;
    if (this.#open === 0) return false;
    await this.#finished.promise;
    return true;
  }

  /** Waits for a short hold; false for a long one. */
  async #waitHere(): Promise<boolean> {
    while (this.#open > 0) await this.#finished.promise;
    if (this.#heldForMs === null || this.#heldForMs > WAIT_HERE_MS) return false;
    await pause(this.#heldForMs);
    this.#heldForMs = null;
    return true;
  }

  #windowNow(): number {
    return this.#isAlone ? 1 : Math.max(this.#window, this.#deps.limits.capOf(this.#id));
  }

  #roomNow(): number {
    return this.#windowNow() - this.#open;
  }

  async #take(room: number): Promise<readonly (readonly [ParkedDelivery, DeliveryState | null])[]> {
    const { parking, ledger, system } = this.#deps;
    const parked = await parking.head(this.#id, room, this.#known);
    const deliveries = parked.flatMap(({ read }) => (read.kind === "delivery" ? [read.delivery] : []));
    const states = deliveries.length === 0 ? [] : await ledger.statesOf(deliveries);
    this.#adapt(system.now());
    let at = 0;
    return parked.map((one) => [one, one.read.kind === "delivery" ? (states[at++] ?? null) : null]);
  }

  /** Doubled while it is used up quickly, halved when it takes long. */
  #adapt(nowMs: number): void {
    const tookMs = nowMs - this.#takenAt;
    if (tookMs < TAKE_FOR_MS) this.#window = Math.min(WINDOW_MAX, this.#window * 2);
    else if (tookMs > TAKE_FOR_MS * 2) this.#window = Math.max(1, this.#window / 2);
    this.#takenAt = nowMs;
  }

  #begin(parked: ParkedDelivery, state: DeliveryState | null): void {
    this.#open += 1;
    this.#known.add(parked.name);
    this.#settle(parked, state)
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => {
        this.#open -= 1;
        this.#finished.resolve();
        this.#finished = Promise.withResolvers();
      });
  }

  async #settle(parked: ParkedDelivery, state: DeliveryState | null): Promise<void> {
    const { read, name } = parked;
    if (read.kind === "newer") return this.#hold(NEWER_RETRY_MS);
    if (read.kind === "unreadable") return await this.#bury(parked, read.problem);
    const { delivery } = read;
    const { system, deliver } = this.#deps;
    const decided =
      recall(delivery, state, system.now()) ?? (await deliver(delivery, this.#line.holdsLease, FROM_LINE));
    if (decided.verdict.kind === "hold") {
      this.#known.delete(name);
      return this.#hold(decided.verdict.inMs);
    }
    await this.#carryOut(decided, name);
  }

  /** It stays where it is. Where several are held, the first of them that may go says when. */
  #hold(forMs: number): void {
    this.#heldForMs = Math.min(forMs, this.#heldForMs ?? forMs);
  }

  async #carryOut(decided: Decided, name: string): Promise<void> {
    await carryOut(decided, this.#deps.outbox.schedule, NEVER_WAITED, this.#deps);
    await this.#finish({ name, goesOn: decided.verdict.kind === "retry" });
  }

  async #finish(done: DoneWaiting): Promise<void> {
    this.#done.push(done);
    if (!this.#isAlone) return;
    // If something kills this worker next, it was not this one.
    await this.#remove();
    await this.#deps.parking.survived(this.#id);
    this.#isAlone = false;
  }

  async #remove(): Promise<void> {
    const done = this.#done;
    if (done.length === 0) return;
    this.#done = [];
    await this.#deps.parking.remove(this.#id, done);
    for (const { name } of done) this.#known.delete(name);
  }

  async #buryHead(): Promise<void> {
    const [[parked, state] = []] = await this.#take(1);
    if (parked === undefined) return;
    const { read, name } = parked;
    if (read.kind !== "delivery") return await this.#settle(parked, null);
    const poison: Decided = { verdict: { kind: "bury", because: "poison" }, delivery: read.delivery };
    await this.#carryOut(recall(read.delivery, state ?? null, this.#deps.system.now()) ?? poison, name);
  }

  async #bury({ name, heldSince, text }: ParkedDelivery, problem: string): Promise<void> {
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
    await this.#finish({ name, goesOn: false });
  }
}

const FROM_LINE = true;
