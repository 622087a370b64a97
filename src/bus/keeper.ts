/**
 * Looks after what waits for the bus, or for the bus' end, once a second and in one process of the fleet at a time: late
 * events go onto the bus when it is their time, oldest first, and webhooks that were kept go back to their queue, or are
 * dropped, once the phase `redis` is over. Kept ones go in small steps, so that new events find the queue short.
 */
import type { EventId } from "../core/brand.ts";
import { type Tell, tellFailure } from "../core/happening.ts";
import { phaseAt } from "../core/migration.ts";
import type { CountMigration, CurrentSwitch, KeptEvent, Shelf, TakeLease } from "./ports.ts";
import type { BusWriter } from "./writer.ts";

export interface KeeperDeps {
  readonly late: Shelf;
  readonly fallback: Shelf;
  /** Those of them that are on record as delivered, to the endpoint that is compared. */
  readonly deliveredOf: (kept: readonly KeptEvent[]) => Promise<ReadonlySet<EventId>>;
  readonly backlog: Shelf;
  readonly writer: BusWriter;
  readonly currentSwitch: CurrentSwitch;
  readonly takeLease: TakeLease;
  /** Stores them once more as jobs, in the name they were claimed in; doing it twice does it once. */
  readonly enqueueKept: (kept: readonly KeptEvent[]) => Promise<void>;
  /** Jobs of events that no worker has taken on yet. */
  readonly waitingJobs: () => Promise<number>;
  readonly count: CountMigration;
  readonly tell: Tell;
  readonly now: () => number;
}

interface Keeper {
  readonly start: () => void;
  /** Resolves when what was under way is done. */
  readonly stop: () => Promise<void>;
}

const LOOK_EVERY_MS = 1_000;
const STEP = 64;
const LEASE_MS = 10_000;
/** Nobody waits for a late event, so its bus may take longer; within what a command may take at all. */
const WRITE_DEADLINE_MS = 800;
/** Steps in which the bus refused something, for one look. */
const REFUSALS_MAX = 16;

export function createKeeper(deps: KeeperDeps): Keeper {
  let timer: NodeJS.Timeout | null = null;
  let working: Promise<unknown> | null = null;
  let isStopped = false;
  const goesOn = (): boolean => !isStopped;

  const passes = { late: createPass(deps.late, deps), fallback: createPass(deps.fallback, deps) };
  const writeAll = async (): Promise<void> => {
    await passes.late(goesOn);
    await passes.fallback(goesOn);
  };

  const look = (): void => {
    if (working !== null) return;
    working = Promise.all([
      writeAll().catch(tellFailure(deps.tell, "write_late_events")),
      releaseKept(deps, goesOn).catch(tellFailure(deps.tell, "release_kept_events")),
    ]).finally(() => {
      working = null;
    });
  };

  return {
    start: () => {
      timer = setInterval(look, LOOK_EVERY_MS);
      timer.unref();
    },
    stop: async () => {
      isStopped = true;
      if (timer !== null) clearInterval(timer);
      await working;
    },
  };
}

/**
 * Writes what is due, oldest first. What the bus refuses is passed over, so that one list that is full, or no list, keeps
 * nothing from the others; where this pass had to end, the next one goes on.
 */
function createPass(shelf: Shelf, deps: KeeperDeps): (goesOn: () => boolean) => Promise<void> {
  const { writer, takeLease, now } = deps;
  let skipped = 0;
  const step = async (): Promise<"done" | "refused" | "over"> => {
    const due = await shelf.due(now(), STEP, skipped);
    if (due.length === 0 || !(await takeLease("late", LEASE_MS))) {
      skipped = 0;
      return "over";
    }
    const left = due.length - (await writeSome(shelf, due, deps));
    skipped += left;
    if (writer.isWell()) return left === 0 ? "done" : "refused";
    // It takes nothing at all: when it does, the oldest come first.
    skipped = 0;
    return "over";
  };
  return async (goesOn) => {
    for (let refusals = 0; goesOn() && refusals < REFUSALS_MAX; ) {
      const became = await step();
      if (became === "over") return;
      if (became === "refused") refusals += 1;
    }
  };
}

/** The number of those that are done with. */
async function writeSome(
  shelf: Shelf,
  due: readonly KeptEvent[],
  { fallback, deliveredOf, writer, count, now }: KeeperDeps,
): Promise<number> {
  // Events that a worker delivered and could not take from the shelf, because it crashed.
  const delivered = shelf === fallback ? await deliveredOf(due) : new Set<EventId>();
  const owed = due.filter(({ event }) => !delivered.has(event.id));
  const written =
    owed.length === 0
      ? new Set<EventId>()
      : await writer.write(
          owed.map(({ event }) => event),
          WRITE_DEADLINE_MS,
        );
  const done = owed.filter(({ event }) => written.has(event.id));
  count({ onBus: done.length, busLatencies: done.map(({ acceptedAt }) => now() - acceptedAt) });
  await shelf.remove([...delivered, ...written]);
  return delivered.size + done.length;
}

async function releaseKept(deps: KeeperDeps, goesOn: () => boolean): Promise<void> {
  const { backlog, currentSwitch, takeLease, enqueueKept, waitingJobs, now } = deps;
  while (goesOn()) {
    const kept = await backlog.due(Number.POSITIVE_INFINITY, STEP);
    if (kept.length === 0) return;
    const stand = await currentSwitch();
    if (phaseAt(stand, now()) === "redis" || !(await takeLease("backlog", LEASE_MS))) return;
    // A worker that heard of the new phase a moment late has kept some that belong to it.
    const owed =
      stand.backlog === "deliver" ? kept : kept.filter(({ acceptedAt }) => acceptedAt >= stand.since);
    if (owed.length > 0) {
      if ((await waitingJobs()) >= STEP) return;
      await enqueueKept(owed.map(markWritten));
    }
    await backlog.remove(kept.map(({ event }) => event.id));
  }
}

/** The bus has it: it is not written again, whatever the phase is when its job comes to work. */
const markWritten = (kept: KeptEvent): KeptEvent => ({
  ...kept,
  event: { ...kept.event, legacy: { ...kept.event.legacy, isWritten: true } },
});
