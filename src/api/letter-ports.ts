/** What the routes of dead letters and replays need from the rest of the house; the desk of src/app fits as it is. */
import type { DeadLetter } from "../core/delivery.ts";
import type { LetterFilter, LetterSummary } from "../core/letter.ts";
import type { Page, PageRequest } from "../core/page.ts";
import type { Replay, ReplayOrder, ReplayRequest } from "../core/replay.ts";

export interface LetterDesk {
  readonly list: (filter: LetterFilter, page: PageRequest) => Promise<Page<LetterSummary>>;
  readonly count: (filter: LetterFilter) => Promise<number>;
  readonly get: (id: string) => Promise<{ readonly letter: DeadLetter }>;
  readonly replay: (id: string) => Promise<DeadLetter>;
  readonly remove: (id: string) => Promise<void>;
  readonly purge: (filter: LetterFilter, confirmedCount: number) => Promise<number>;
}

export interface ReplayDesk {
  readonly begin: (request: ReplayRequest) => Promise<Replay>;
  readonly get: (id: string) => Promise<Replay>;
  readonly order: (id: string, order: ReplayOrder) => Promise<Replay>;
}
