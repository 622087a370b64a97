/**
 * Needs of the queues: Redis beneath BullMQ, and the store's memory of dead letters and replays. Owned here, by the
 * consumer; app.ts plugs them in. The work itself is done by the deliver stage, whose ports say how it is called.
 */
import type { EndpointId, EventId } from "../core/brand.ts";
import type { AcceptedKey, Delivery, Round } from "../core/delivery.ts";
import type { LetterEntry, LetterFilter, LetterGroups, LetterOrder, LetterSummary } from "../core/letter.ts";
import type { Page, PageRequest } from "../core/page.ts";
import type { HeldReplay, Replay, ReplayProgress, ReplayState } from "../core/replay.ts";
import type { OperatorFact } from "../endpoints/operator-events.ts";

/** Redis beneath BullMQ: for what has got among its keys, and to look at jobs without reading all of them. */
export interface RawKeys {
  readonly exists: (key: string) => Promise<number>;
  readonly type: (key: string) => Promise<string>;
  readonly hgetall: (key: string) => Promise<Record<string, string>>;
  readonly hget: (key: string, field: string) => Promise<string | null>;
  readonly hmget: (key: string, ...fields: string[]) => Promise<readonly (string | null)[]>;
  readonly hdel: (key: string, ...fields: string[]) => Promise<number>;
  readonly lrange: (key: string, first: number, last: number) => Promise<readonly string[]>;
  readonly zmscore: (key: string, ...members: string[]) => Promise<readonly (string | null)[]>;
  readonly eval: (script: string, keyCount: number, ...keysAndArgs: string[]) => Promise<unknown>;
}

/** Finds dead letters without reading them. */
export interface LetterIndex {
  /** False where there is such an entry, which keeps its time. */
  readonly add: (letter: LetterSummary) => Promise<boolean>;
  readonly remove: (entries: readonly LetterEntry[]) => Promise<void>;
  /** A page as the index has it: some of these letters may be gone. Throws CURSOR_INVALID. */
  readonly walk: (
    filter: LetterFilter,
    order: LetterOrder,
    page: PageRequest,
  ) => Promise<Page<LetterSummary>>;
  readonly count: (filter: LetterFilter) => Promise<number>;
  /** Looks at a bounded number of letters, the newest ones. */
  readonly groups: (filter: LetterFilter) => Promise<LetterGroups>;
  /** Those of these ids that have no entry. */
  readonly missing: (ids: readonly string[]) => Promise<readonly string[]>;
}

/** A burial was the first of its round, has been written before, or something else stands against it: then nothing is. */
type Burial = "first" | "again" | "overruled";

/** Writes that a delivery was given up, with its entry in the index and its endpoint's count; it waits no more. */
export type BuryDelivery = (delivery: Delivery, letter: LetterSummary) => Promise<Burial>;

/** The index of waiting deliveries, for whoever looks through it. */
export interface WaitingEntries {
  /** True for one process of the fleet, once an hour. */
  readonly takeTurn: () => Promise<boolean>;
  /**
   * Takes out those that have ended, of a page from this place on. Answers with those of which no record tells and that
   * are in no line, and where the next page begins; null where there is none.
   */
  readonly check: (id: EndpointId, from: number) => Promise<CheckedEntries>;
  /** Unless they have begun to wait anew. */
  readonly takeOut: (id: EndpointId, entries: readonly AcceptedKey[]) => Promise<void>;
}

interface CheckedEntries {
  readonly unknown: readonly AcceptedKey[];
  readonly next: number | null;
}

/** Deliveries that wait in their endpoint's line, and so have no job. */
export interface ParkedRounds {
  /** Epoch ms at which its line is looked at next, for each; null where it is in work, and for one that is in none. */
  readonly dueAt: (rounds: readonly Round[]) => Promise<readonly (number | null)[]>;
  /** To the head of its line, which is looked at soon; false where it is not in it. */
  readonly bringForward: (one: Round) => Promise<boolean>;
  readonly withdraw: (one: Round) => Promise<void>;
  readonly count: () => Promise<ParkedCount>;
}

export interface ParkedCount {
  readonly depth: number;
  /** Epoch ms; null while nothing is parked. */
  readonly oldestHeldSince: number | null;
  /** Epoch ms at which a line is to be looked at next; null while there is none. */
  readonly dueAt: number | null;
}

/** Keeps replays, and lets one process at a time work on one. `holder` names a process. */
export interface ReplayBook {
  /** False when there are too many open ones. */
  readonly add: (replay: Replay) => Promise<boolean>;
  readonly read: (id: string) => Promise<Replay | null>;
  /** Newest first. Throws CURSOR_INVALID. */
  readonly list: (page: PageRequest) => Promise<Page<Replay>>;
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

/** Each with the id that its event is to have; null for one that cannot be read. */
interface SomeFacts {
  readonly some: readonly { readonly id: EventId; readonly fact: OperatorFact | null }[];
  readonly next: string | null;
}

/** Facts for operators that are not published yet. */
export interface OperatorFacts {
  /** A round through all begins after null, and ends where the next is null. */
  readonly some: (most: number, after: string | null) => Promise<SomeFacts>;
  readonly remove: (ids: readonly EventId[]) => Promise<void>;
}
