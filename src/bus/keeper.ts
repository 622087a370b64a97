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
  /** Is it on record as delivered, to the endpoint that is compared? Nothing of those whose record cannot be read now. */
  readonly deliveredOf: (kept: readonly KeptEvent[]) => Promise<ReadonlyMap<EventId, boolean>>;
  readonly backlog: Shelf;
  readonly writer: BusWriter;
  readonly currentSwitch: CurrentSwitch;
  readonly takeLease: TakeLease;
  /**
   * Stores them once more as jobs, in the name they were claimed in; doing it twice does it once. Resolves with those that are
   * stored.
   */
  readonly enqueueKept: (kept: readonly KeptEvent[]) => Promise<ReadonlySet<EventId>>;
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
/** Steps in which something was refused, or nothing known of it, for one look. */
const REFUSALS_MAX = 16;

export function createKeeper(deps: KeeperDeps): Keeper {
  let timer: NodeJS.Timeout | null = null;
  let working: Promise<unknown> | null = null;
  let isStopped = false;
  const goesOn = (): boolean => !isStopped;

  const passes = { late: createPass(deps.late, deps), fallback: createPass(deps.fallback, deps) };
  const releaseKept = createRelease(deps);
  const writeAll = async (): Promise<void> => {
    await passes.late(goesOn);
    await passes.fallback(goesOn);
  };

  const look = (): void => {
    if (working !== null) return;
    working = Promise.all([
      writeAll().catch(tellFailure(deps.tell, "write_late_events")),
      releaseKept(goesOn).catch(tellFailure(deps.tell, "release_kept_events")),
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

type Step = () => Promise<"done" | "refused" | "over">;
type Pass = (goesOn: () => boolean) => Promise<void>;

function passOf(step: Step): Pass {
  return async (goesOn) => {
    for (let refusals = 0; goesOn() && refusals < REFUSALS_MAX; ) {
      const became = await step();
      if (became === "over") return;
      if (became === "refused") refusals += 1;
    }
  };
}

/**
 * Writes what is due, oldest first. What the bus refuses, or a Redis that is away says nothing of, is passed over, so that one
 * list that is full, or no list, or one shard keeps nothing from the others; where this pass had to end, the next one goes on.
 */
function createPass(shelf: Shelf, deps: KeeperDeps): Pass {
  const { writer, takeLease, now } = deps;
  let skipped = 0;
  return passOf(async () => {
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
  });
}

/** The number of those that are done with. */
async function writeSome(
  shelf: Shelf,
  due: readonly KeptEvent[],
  { fallback, deliveredOf, writer, count, now }: KeeperDeps,
): Promise<number> {
  // Events that a worker delivered and could not take from the shelf, because it crashed.
  const isDelivered = shelf === fallback ? await deliveredOf(due) : null;
  const delivered = due.filter(({ event }) => isDelivered?.get(event.id) === true);
  const owed = due.filter(({ event }) => isDelivered === null || isDelivered.get(event.id) === false);
  const written =
    owed.length === 0
      ? new Set<EventId>()
      : await writer.write(
          owed.map(({ event }) => event),
          WRITE_DEADLINE_MS,
        );
  const done = owed.filter(({ event }) => written.has(event.id));
  count({ onBus: done.length, busLatencies: done.map(({ acceptedAt }) => now() - acceptedAt) });
  await shelf.remove([...delivered.map(({ event }) => event.id), ...written]);
  return delivered.length + done.length;
}

/** Gives back what was kept, oldest first. Events whose shard does not take them stay, and are passed over. */
function createRelease(deps: KeeperDeps): Pass {
  const { backlog, currentSwitch, takeLease, enqueueKept, waitingJobs, now } = deps;
  let skipped = 0;
  return passOf(async () => {
    const kept = await backlog.due(Number.POSITIVE_INFINITY, STEP, skipped);
    const stand = kept.length === 0 ? null : await currentSwitch();
    if (stand === null || phaseAt(stand, now()) === "redis" || !(await takeLease("backlog", LEASE_MS))) {
      skipped = 0;
      return "over";
    }
    // A worker that heard of the new phase a moment late has kept some that belong to it.
    const owed =
      stand.backlog === "deliver" ? kept : kept.filter(({ acceptedAt }) => acceptedAt >= stand.since);
    if (owed.length > 0 && (await waitingJobs()) >= STEP) return "over";
    const stored = owed.length === 0 ? new Set<EventId>() : await enqueueKept(owed.map(markWritten));
    const left = owed.filter(({ event }) => !stored.has(event.id));
    // Another one, whose worker has not heard of the new phase either, may have been put there again by now.
    await backlog.take(kept.filter((one) => !left.includes(one)));
    skipped += left.length;
    return left.length === 0 ? "done" : "refused";
  });
}

/** The bus has it: it is not written again, whatever the phase is when its job comes to work. */
const markWritten = (kept: KeptEvent): KeptEvent => ({
  ...kept,
  event: { ...kept.event, legacy: { ...kept.event.legacy, isWritten: true } },
});
