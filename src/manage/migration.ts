/**
 * Management of the migration: how it stands, the switch between its phases, and the evidence on which one decides. A
 * switch that would lose, or flood, is refused until somebody says which it is to be.
 */
import type { Shelf } from "../bus/ports.ts";
import type { BusTarget } from "../bus/target.ts";
import type { AuditFields } from "../core/audit.ts";
import { HookwaveError } from "../core/errors.ts";
import {
  type BacklogChoice,
  EVERYTHING,
  type MigrationSwitch,
  type Phase,
  phaseAt,
  type Shares,
  type SwitchChange,
} from "../core/migration.ts";
import type { OwnedBusLink } from "../store/bus-link.ts";
import type { MigrationStore, NextSwitch } from "../store/migration-switch.ts";
import { auditEntry } from "./audit.ts";
import type { BusLook, MigrationReport, ReportRequest } from "./migration-report.ts";

export interface MigrationStatus {
  readonly stand: MigrationSwitch;
  /** The phase that holds now. */
  readonly phase: Phase;
  /** Events whose webhooks are kept until `redis` ends. */
  readonly backlog: number;
  /** Events that the bus is owed: late ones of `primary`, and what it did not take. */
  readonly late: number;
  readonly bus: BusLook;
  /** Latest first. */
  readonly history: readonly SwitchChange[];
}

export interface SwitchRequest {
  readonly phase: Phase;
  /** Ms after which the phase before comes back by itself: the latest that was set for good. Null for good. */
  readonly forMs: number | null;
  readonly reason: string | null;
  /** The fate of kept webhooks when `redis` is left. */
  readonly backlog: BacklogChoice | null;
  /** Per cent by webhook in `dual` and `primary`; null leaves the share, or all after another phase. */
  readonly shares: Shares | null;
  /** The name of whoever asks, for the history. */
  readonly by: string;
}

export interface MigrationManagement {
  readonly status: () => Promise<MigrationStatus>;
  /** Throws MIGRATION_REFUSED with what is missing. */
  readonly set: (request: SwitchRequest) => Promise<MigrationStatus>;
  readonly report: (request: ReportRequest) => Promise<MigrationReport>;
  /**
   * In phase `redis`, while the bus answers and is another Redis than the store: then publishing goes on without that.
   * Answers without it, too.
   */
  readonly isBusEnough: () => Promise<boolean>;
}

interface MigrationManagementDeps {
  readonly migration: MigrationStore;
  readonly target: BusTarget;
  readonly eventTypes: readonly string[];
  readonly busLink: OwnedBusLink;
  /** Is the bus on another Redis than the store? */
  readonly isBusApart: boolean;
  readonly late: Shelf;
  readonly fallback: Shelf;
  readonly backlog: Shelf;
  readonly report: MigrationManagement["report"];
  readonly now: () => number;
}

const CHANGES_SHOWN = 20;
const LOOK_MS = 500;

export function createMigrationManagement(deps: MigrationManagementDeps): MigrationManagement {
  const { migration, late, fallback, backlog, now } = deps;
  const status = async (): Promise<MigrationStatus> => {
    await migration.refresh();
    const stand = await migration.current();
    const [kept, refused, overdue, bus, history] = await Promise.all([
      backlog.count(),
      late.count(),
      fallback.count(now()),
      lookAtBus(deps),
      migration.history(CHANGES_SHOWN),
    ]);
    return { stand, phase: phaseAt(stand, now()), backlog: kept, late: refused + overdue, bus, history };
  };
  return {
    status,
    set: async (request) => {
      if (request.shares !== null && !isShared(request.phase)) throw shareless(request.phase);
      // One that was set for a while and is over has come to its end before another begins.
      await migration.refresh();
      const kept = await backlog.count();
      await migration.change(
        (stand) => next(stand, request, kept, now()),
        (before, after) =>
          auditEntry("migration.set", null, { before: audited(before, now()), after: audited(after, now()) }),
      );
      return await status();
    },
    report: deps.report,
    isBusEnough: async () =>
      deps.isBusApart &&
      phaseAt(await migration.currentOrKnown(), now()) === "redis" &&
      (await answers(deps)),
  };
}

const audited = (stand: MigrationSwitch, nowMs: number): AuditFields => {
  const { shares, backlog, reason, returns } = stand;
  return { phase: phaseAt(stand, nowMs), shares, backlog, reason, returns };
};

const isShared = (phase: Phase): boolean => phase === "dual" || phase === "primary";

function next(stand: MigrationSwitch, request: SwitchRequest, kept: number, nowMs: number): NextSwitch {
  const { phase, forMs, reason, by } = request;
  const before = phaseAt(stand, nowMs);
  if (before === "redis" && phase !== "redis" && kept > 0 && request.backlog === null) throw undecided(kept);
  // One that is set for a while within such a while comes back to where all of it began.
  const back = isPending(stand, nowMs) ? stand.returns : { to: before, shares: stand.shares };
  const shares = request.shares ?? (isShared(before) && isShared(phase) ? stand.shares : EVERYTHING);
  return {
    phase,
    shares,
    // Until it is carried out a decision stands; each time that the bus is alone has its own.
    backlog: request.backlog ?? ((before === "redis") === (phase === "redis") ? stand.backlog : "deliver"),
    by,
    reason,
    returns: forMs === null || back === null ? null : { ...back, at: nowMs + forMs },
    environment: stand.environment,
  };
}

const isPending = ({ returns }: MigrationSwitch, nowMs: number): boolean =>
  returns !== null && nowMs < returns.at;

/** Names by the types that are named one by one; of a family nobody knows what there is. */
const namesBy = (
  eventTypes: readonly string[],
  nameOf: (type: string) => string | null,
): readonly string[] => [
  ...new Set(eventTypes.filter((type) => !type.includes("*")).flatMap((type) => nameOf(type) ?? [])),
];

async function answers({ target, eventTypes, busLink }: MigrationManagementDeps): Promise<boolean> {
  const asked = namesBy(eventTypes, target.listOf).map((list) => ["llen", list] as const);
  return await busLink
    .untilReady(LOOK_MS)
    .then(() => busLink.send(asked))
    .then(
      (lengths) => lengths.every((length) => typeof length === "number"),
      () => false,
    );
}

/** Lists and channels, as far as their names are known. */
export async function lookAtBus({
  target,
  eventTypes,
  busLink,
}: Pick<MigrationManagementDeps, "target" | "eventTypes" | "busLink">): Promise<BusLook> {
  const [lists, channels] = [namesBy(eventTypes, target.listOf), namesBy(eventTypes, target.channelOf)];
  const look = async (): Promise<BusLook> => {
    await busLink.untilReady(LOOK_MS);
    const lengths = await busLink.send(lists.map((list) => ["llen", list] as const));
    const listeners = await Promise.all(channels.map(busLink.listenersOf));
    const known = lengths.filter((length): length is number => typeof length === "number");
    return {
      listLength: known.length === 0 ? null : Math.max(...known),
      listeners: listeners.length === 0 ? null : Math.min(...listeners),
    };
  };
  // A bus that does not answer is something to see, not a reason to show nothing else.
  return await look().catch(() => ({ listLength: null, listeners: null }));
}

function undecided(kept: number): HookwaveError {
  return new HookwaveError("MIGRATION_REFUSED", {
    expected: `a decision about the webhooks of ${kept} event${kept === 1 ? "" : "s"}, kept since the phase redis began`,
    got: "none",
    remedy:
      'say what becomes of them: backlog "deliver" (--backlog deliver), or "discard" where the bus was enough',
  });
}

function shareless(phase: Phase): HookwaveError {
  return new HookwaveError("MIGRATION_REFUSED", {
    expected: "a share for dual or primary, where both ways are used",
    got: `one for ${phase}`,
    remedy: "set the phase without a share (--percent)",
  });
}
