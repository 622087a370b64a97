/**
 * The dead letters: what was given up, kept whole. No worker touches them; people look, replay and purge. They are
 * jobs of a queue of their own, and found in an index. An entry is written before its letter and removed after it, so
 * a crash leaves an entry too many, never one too few; whoever lists takes away what was left behind.
 */
import type { DeadLetter } from "../core/delivery.ts";
import { HookwaveError } from "../core/errors.ts";
import {
  type LetterEntry,
  type LetterFilter,
  type LetterGroups,
  type LetterSummary,
  summaryOf,
} from "../core/letter.ts";
import type { Page, PageRequest } from "../core/page.ts";
import type { LetterIndex, RawKeys } from "./ports.ts";
import type { Queues } from "./queues.ts";
import { findLetter, type ReplayLetter, readLetter, WHOEVER_HAS_ITS_ID } from "./replay-letter.ts";

export interface StoredLetter {
  readonly id: string;
  readonly letter: DeadLetter;
}

export interface DeadLetters {
  /** Newest first. Throws CURSOR_INVALID. */
  readonly list: (filter: LetterFilter, page: PageRequest) => Promise<Page<LetterSummary>>;
  readonly count: (filter: LetterFilter) => Promise<number>;
  /** By endpoint, reason and last answer, as the index has them. */
  readonly groups: (filter: LetterFilter) => Promise<LetterGroups>;
  /** Throws DEAD_LETTER_UNKNOWN. */
  readonly get: (id: string) => Promise<StoredLetter>;
  /**
   * Sends it again from the first attempt on, under the same webhook-id; resolves with what it was. Throws
   * DEAD_LETTER_UNKNOWN, EVENT_INVALID for what could not be read in the first place, and REPLAY_INVALID for what was owed
   * to an endpoint that was removed, where another has its id: unless that "endpoint" is meant.
   */
  readonly replay: (id: string, meaning?: "endpoint" | "delivery") => Promise<DeadLetter>;
  /** Throws DEAD_LETTER_UNKNOWN. */
  readonly remove: (id: string) => Promise<void>;
  /**
   * Removes those that match, for good; returns how many. Throws PURGE_UNCONFIRMED when they are not `confirmedCount`.
   */
  readonly purge: (filter: LetterFilter, confirmedCount: number) => Promise<number>;
  /** Finds the letters that came here past the index, and enters them. */
  readonly reindex: () => Promise<void>;
}

/** Those of one shard. */
export interface ShardLetters {
  readonly deadLetters: DeadLetters;
  readonly has: (id: string) => Promise<boolean>;
  readonly replayLetter: ReplayLetter;
  readonly find: (filter: LetterFilter) => Promise<readonly LetterEntry[]>;
  readonly removeAll: (entries: readonly LetterEntry[]) => Promise<void>;
}

interface DeadLettersDeps {
  readonly queues: Queues;
  readonly index: LetterIndex;
  readonly redis: RawKeys;
  readonly replayLetter: ReplayLetter;
  /** Epoch ms. */
  readonly now: () => number;
}

/** Between an entry and its letter lies one command, so one this old without a letter was left behind by a crash. */
const LEFT_BEHIND_AFTER_MS = 60_000;
const PURGE_PAGE = 500;
const REMOVED_TOGETHER = 100;
const REINDEX_PAGE = 500;
/** Ours are prioritized; a producer of letters that knows no better makes them wait in the list. */
const STATES = ["prioritized", "waiting"] as const;

export function createDeadLetters(deps: DeadLettersDeps): DeadLetters {
  const { queues, index, replayLetter, redis } = deps;
  const queue = queues.deadLetters;
  const forget = (id: string, letter: DeadLetter): Promise<void> => index.remove([summaryOf(id, letter)]);

  return {
    list: (filter, page) => listThere(filter, page, deps),
    count: index.count,
    groups: index.groups,
    get: async (id) => ({ id, letter: await findLetter(id, queues, redis) }),
    replay: async (id, meaning = "delivery") => {
      const letter = await replayLetter(id, meaning === "endpoint" ? WHOEVER_HAS_ITS_ID : null);
      await forget(id, letter);
      return letter;
    },
    remove: async (id) => {
      const letter = await findLetter(id, queues, redis);
      await queue.remove(id);
      await forget(id, letter);
    },
    purge: async (filter, confirmedCount) => {
      const found = await entriesOf(filter, index);
      insistConfirmed(found.length, confirmedCount);
      await removeAll(found, deps);
      return found.length;
    },
    reindex: async () => {
      const depth = await queue.getJobCountByTypes(...STATES);
      if (depth <= (await index.count({}))) return;
      for (const state of STATES) await reindexState(state, deps);
    },
  };
}

export function createShardLetters(deps: DeadLettersDeps): ShardLetters {
  const { queues, index, replayLetter, redis } = deps;
  return {
    deadLetters: createDeadLetters(deps),
    has: async (id) => (await redis.exists(queues.deadLetters.toKey(id))) === 1,
    replayLetter,
    find: (filter) => entriesOf(filter, index),
    removeAll: (entries) => removeAll(entries, deps),
  };
}

async function listThere(
  filter: LetterFilter,
  page: PageRequest,
  { queues, index, redis, now }: DeadLettersDeps,
): Promise<Page<LetterSummary>> {
  const { data, next } = await index.walk(filter, "newest", page);
  const found = await Promise.all(data.map(({ id }) => redis.exists(queues.deadLetters.toKey(id))));
  const gone = data.filter((_, at) => found[at] === 0);
  await index.remove(gone.filter(({ buriedAt }) => now() - Date.parse(buriedAt) > LEFT_BEHIND_AFTER_MS));
  return { data: data.filter((_, at) => found[at] === 1), next };
}

/** By name: a time would not tell them from those that are written while they are removed, but were dated before. */
async function entriesOf(filter: LetterFilter, index: LetterIndex): Promise<readonly LetterEntry[]> {
  const found: LetterEntry[] = [];
  let after: string | null = null;
  do {
    const page: Page<LetterSummary> = await index.walk(filter, "newest", { after, limit: PURGE_PAGE });
    found.push(...page.data.map(({ id, endpointId }) => ({ id, endpointId })));
    after = page.next;
  } while (after !== null);
  return found;
}

async function removeAll(entries: readonly LetterEntry[], { queues, index }: DeadLettersDeps): Promise<void> {
  for (let at = 0; at < entries.length; at += REMOVED_TOGETHER) {
    const some = entries.slice(at, at + REMOVED_TOGETHER);
    await Promise.all(some.map(({ id }) => queues.deadLetters.remove(id)));
    await index.remove(some);
  }
}

async function reindexState(
  state: (typeof STATES)[number],
  { queues, index, redis }: DeadLettersDeps,
): Promise<void> {
  const queue = queues.deadLetters;
  for (let from = 0; ; from += REINDEX_PAGE) {
    const ids = await queue.getRanges([state], from, from + REINDEX_PAGE - 1, true);
    for (const id of await index.missing(ids)) {
      const letter = await readLetter(id, queues, redis);
      if (letter !== null) await index.add(summaryOf(id, letter));
    }
    if (ids.length < REINDEX_PAGE) return;
  }
}

/** The number that a person has confirmed is that of all that were found. */
export function insistConfirmed(count: number, confirmedCount: number): void {
  if (count !== confirmedCount) throw purgeUnconfirmed(count, confirmedCount);
}

function purgeUnconfirmed(count: number, confirmedCount: number): HookwaveError {
  return new HookwaveError("PURGE_UNCONFIRMED", {
    expected: `the confirmation of ${count}, which is how many dead letters would be removed`,
    got: `${confirmedCount}`,
    remedy: "look at the list, and confirm the number if all of them may go; nothing was removed",
  });
}
