/**
 * What the queues need from the rest of the house: what the workers read is done by the deliver stage, what is
 * remembered of dead letters is kept by the store. Owned here, by the consumer; app.ts plugs them in.
 */
import type { Delivery } from "../core/delivery.ts";
import type { PublishedEvent } from "../core/event.ts";
import type { LetterFilter, LetterSummary } from "../core/letter.ts";
import type { Page, PageRequest } from "../core/page.ts";
import type { BuryReason, Verdict } from "../core/verdict.ts";

export interface EventsBatch {
  readonly events: readonly PublishedEvent[];
  /** Who claims them: the job that first held them. */
  readonly holder: string;
  /** Epoch ms at which they were stored. */
  readonly acceptedAt: number;
}

/** Resolves when every delivery of the batch is settled or scheduled; throws only for a failure of our own. */
export type Dispatch = (batch: EventsBatch) => Promise<void>;

export interface Settled {
  readonly verdict: Verdict;
  /** The delivery with what was just tried. */
  readonly delivery: Delivery;
}

export interface Resume {
  /** One attempt; throws only for a failure of our own. */
  readonly resume: (delivery: Delivery) => Promise<Settled>;
  /** No further attempt; tells what became of the delivery, which may have been settled before. */
  readonly giveUp: (delivery: Delivery, because: BuryReason) => Promise<Settled>;
}

export type LetterEntry = Pick<LetterSummary, "id" | "endpointId">;

/** Finds dead letters without reading them. */
export interface LetterIndex {
  /** An entry that is there keeps its time. */
  readonly add: (letter: LetterSummary) => Promise<void>;
  readonly remove: (entries: readonly LetterEntry[]) => Promise<void>;
  /** A page as the index has it: some of these letters may be gone. Throws CURSOR_INVALID. */
  readonly walk: (
    filter: LetterFilter,
    order: "newest" | "oldest",
    page: PageRequest,
  ) => Promise<Page<LetterSummary>>;
  readonly count: (filter: LetterFilter) => Promise<number>;
  /** Those of these ids that have no entry. */
  readonly missing: (ids: readonly string[]) => Promise<readonly string[]>;
}
