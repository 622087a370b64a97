/**
 * Looks after what waits for the bus, or for the bus' end, once a second and in one process of the fleet at a time: late
 * events go onto the bus when it is their time, oldest first, and webhooks that were kept go back to their queue, or are
 * dropped, once the phase `redis` is over. Kept ones go in small steps, so that new events find the queue short.
 */
import { type Tell, tellFailure } from "../core/happening.ts";
import { phaseAt } from "../core/migration.ts";
import type { CountMigration, CurrentSwitch, KeptEvent, Shelf, TakeLease } from "./ports.ts";
import type { BusWriter } from "./writer.ts";

export interface KeeperDeps {
  readonly late: Shelf;
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

export interface Keeper {
  readonly start: () => void;
  /** Resolves when what was under way is done. */
  readonly stop: () => Promise<void>;
}

const LOOK_EVERY_MS = 1_000;
const STEP = 64;
const LEASE_MS = 10_000;

export function createKeeper(deps: KeeperDeps): Keeper {
  let timer: NodeJS.Timeout | null = null;
  let working: Promise<unknown> | null = null;
  let isStopped = false;
  const goesOn = (): boolean => !isStopped;

  const look = (): void => {
    if (working !== null) return;
    working = Promise.all([
      writeLate(deps, goesOn).catch(tellFailure(deps.tell, "write_late_events")),
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

/** Until the bus refuses one: then it is tried again with the next look. */
async function writeLate(deps: KeeperDeps, goesOn: () => boolean): Promise<void> {
  const { late, writer, takeLease, count, now } = deps;
  while (goesOn()) {
    const due = await late.due(now(), STEP);
    if (due.length === 0 || !(await takeLease("late", LEASE_MS))) return;
    const written = await writer.write(due.map(({ event }) => event));
    const done = due.filter(({ event }) => written.has(event.id));
    count({ onBus: done.length, busLatencies: done.map(({ acceptedAt }) => now() - acceptedAt) });
    await late.remove([...written]);
    if (done.length < due.length) return;
  }
}

async function releaseKept(deps: KeeperDeps, goesOn: () => boolean): Promise<void> {
  const { backlog, currentSwitch, takeLease, enqueueKept, waitingJobs, now } = deps;
  while (goesOn()) {
    const kept = await backlog.due(Number.POSITIVE_INFINITY, STEP);
    if (kept.length === 0) return;
    const stand = await currentSwitch();
    if (phaseAt(stand, now()) === "redis" || !(await takeLease("backlog", LEASE_MS))) return;
    if (stand.backlog === "deliver") {
      if ((await waitingJobs()) >= STEP) return;
      await enqueueKept(kept.map(markWritten));
    }
    await backlog.remove(kept.map(({ event }) => event.id));
  }
}

/** The bus has it: it is not written again, whatever the phase is when its job comes to work. */
const markWritten = (kept: KeptEvent): KeptEvent => ({
  ...kept,
  event: { ...kept.event, legacy: { ...kept.event.legacy, isWritten: true } },
});
