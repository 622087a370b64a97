/**
 * What the queues need from the rest of the house: what the workers read is done by the deliver stage, what is
 * remembered of dead letters and replays is kept by the store. Owned here, by the consumer; app.ts plugs them in.
 */
import type { AcceptedKey, Delivery, DeliveryState } from "../core/delivery.ts";
import type { EventsBatch } from "../core/event.ts";
import type { JobLease } from "../core/job-lease.ts";
import type { LetterEntry, LetterFilter, LetterOrder, LetterSummary } from "../core/letter.ts";
import type { Page, PageRequest } from "../core/page.ts";
import type { HeldReplay, Replay, ReplayProgress, ReplayState } from "../core/replay.ts";
import type { BuryReason } from "../core/verdict.ts";

/**
 * Resolves when every delivery of the batch is settled or scheduled; throws only for a failure of our own. What has not
 * been sent when the lease is lost is not sent, and the failure is JOB_LOST.
 */
export type Dispatch = (batch: EventsBatch, holdsLease: JobLease) => Promise<void>;

/** Keeps a delivery's job for later; rejects with what BullMQ is to be told. */
export type PutOff = (delivery: Delivery, inMs: number) => Promise<never>;

/** Each settles what it is given, or puts it off; it throws for a failure of our own, or what `putOff` threw. */
export interface Resume {
  /** One attempt, unless what is recorded already settles it. */
  readonly resume: (delivery: Delivery, holdsLease: JobLease, putOff: PutOff) => Promise<void>;
  /** No further attempt: it is buried, unless it was settled before. */
  readonly giveUp: (delivery: Delivery, because: BuryReason, putOff: PutOff) => Promise<void>;
}

/** Redis beneath BullMQ, for what has got among its keys. */
export interface RawKeys {
  readonly type: (key: string) => Promise<string>;
  readonly hgetall: (key: string) => Promise<Record<string, string>>;
  readonly hmget: (key: string, ...fields: string[]) => Promise<readonly (string | null)[]>;
  readonly hdel: (key: string, ...fields: string[]) => Promise<number>;
  readonly lrange: (key: string, first: number, last: number) => Promise<readonly string[]>;
  readonly eval: (script: string, keyCount: number, ...keysAndArgs: string[]) => Promise<unknown>;
}

/** Finds dead letters without reading them. */
export interface LetterIndex {
  /** An entry that is there keeps its time. */
  readonly add: (letter: LetterSummary) => Promise<void>;
  readonly remove: (entries: readonly LetterEntry[]) => Promise<void>;
  /** A page as the index has it: some of these letters may be gone. Throws CURSOR_INVALID. */
  readonly walk: (
    filter: LetterFilter,
    order: LetterOrder,
    page: PageRequest,
  ) => Promise<Page<LetterSummary>>;
  readonly count: (filter: LetterFilter) => Promise<number>;
  /** Those of these ids that have no entry. */
  readonly missing: (ids: readonly string[]) => Promise<readonly string[]>;
}

/** What is recorded of a delivery; null when nothing is, or no more. */
export type StateOf = (delivery: AcceptedKey) => Promise<DeliveryState | null>;

/** Remembers replays, and that one process at a time works on one. `holder` names a process. */
export interface ReplayBook {
  /** False when there are too many open ones. */
  readonly add: (replay: Replay) => Promise<boolean>;
  readonly read: (id: string) => Promise<Replay | null>;
  /** False when it is in another state by now. `finishedAt` is given when it ends it. */
  readonly swapState: (
    id: string,
    from: ReplayState,
    to: ReplayState,
    finishedAt: string | null,
  ) => Promise<boolean>;
  /** The ids of those that are neither done nor cancelled. */
  readonly open: () => Promise<readonly string[]>;
  /** Takes or renews the lease; null when another process has it, or the replay is not running. */
  readonly hold: (id: string, holder: string) => Promise<HeldReplay | null>;
  /** Does nothing when the lease has been lost. */
  readonly advance: (id: string, holder: string, progress: ReplayProgress) => Promise<void>;
  readonly letGo: (id: string, holder: string) => Promise<void>;
}
