/** Needs of the bus room, owned here by the consumer; app.ts plugs in the store. */
import type { EventId } from "../core/brand.ts";
import type { EventsBatch, PublishedEvent } from "../core/event.ts";
import type { MigrationSwitch } from "../core/migration.ts";

export type BusCommand =
  | readonly ["lpush", list: string, ...entries: readonly string[]]
  | readonly ["publish", channel: string, text: string]
  | readonly ["llen", list: string];

/** The Redis that holds the bus. */
export interface BusLink {
  /** Resolves with a connection; rejects at once where it is known to be down, else after `patienceMs`. */
  readonly untilReady: (patienceMs: number) => Promise<void>;
  /** All of them in one pipeline: the replies in their order, an error where Redis refused. */
  readonly send: (commands: readonly BusCommand[]) => Promise<readonly (number | Error)[]>;
}

/**
 * The switch as this process knows it: at once while that is fresh, read again where it may have changed, and the last
 * known one where it cannot be read.
 */
export type CurrentSwitch = () => MigrationSwitch | Promise<MigrationSwitch>;

/** An event with when it was stored, and in whose name it was claimed. */
export interface KeptEvent {
  readonly event: PublishedEvent;
  readonly holder: EventsBatch["holder"];
  /** Epoch ms. */
  readonly acceptedAt: number;
  /** Its place on a shelf: another one each time it is put there. Absent where it lies on none. */
  readonly place?: string;
}

/** Events that wait for something: each once, with a time; nothing of it is a job. */
export interface Shelf {
  /** An event that is there keeps its time. */
  readonly add: (kept: readonly KeptEvent[], dueAt: (one: KeptEvent) => number) => Promise<void>;
  /** Those that were due at `untilMs`, longest due first, without the first `skipped`. */
  readonly due: (untilMs: number, most: number, skipped?: number) => Promise<readonly KeptEvent[]>;
  readonly remove: (ids: readonly EventId[]) => Promise<void>;
  /** Removes those that still lie where they were found: what was put there again since stays. */
  readonly take: (found: readonly KeptEvent[]) => Promise<void>;
  /** Of those that were due at `untilMs`; all when absent. */
  readonly count: (untilMs?: number) => Promise<number>;
}

/** Ids of events whose webhook is owed and has not been delivered; those that are late are what is missing. */
export interface ParityBook {
  readonly owe: (owed: readonly { readonly id: EventId; readonly acceptedAt: number }[]) => Promise<void>;
  readonly settle: (ids: readonly EventId[]) => Promise<void>;
}

/** Sums of one step, to be added to those of its minute. */
interface MigrationCounts {
  readonly dispatched: number;
  /** Of those, the ones that went to the bus alone, because they are not in the share. */
  readonly busOnly: number;
  readonly onBus: number;
  readonly delivered: number;
  /** From acceptance, in ms, each. */
  readonly busLatencies: readonly number[];
  readonly webhookLatencies: readonly number[];
}

export type CountMigration = (counts: Partial<MigrationCounts>) => void;

/** True for the one process of the fleet that may do this now; the lease lasts `leaseMs`. */
export type TakeLease = (name: string, leaseMs: number) => Promise<boolean>;
