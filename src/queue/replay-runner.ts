/**
 * Runs replays: a slice of letters at a time, oldest first, at the rate that was asked for, writing down how far it
 * has come after each. One process at a time works on a replay; should it die, another goes on behind the last
 * slice that was written down. What the dead one had done of its slice is gone from the letters, and skipped.
 */
import { setTimeout as pause } from "node:timers/promises";
import { HookwaveError } from "../core/errors.ts";
import { type Tell, tellFailure } from "../core/happening.ts";
import type { LetterSummary } from "../core/letter.ts";
import {
  type HeldReplay,
  letterFilterOf,
  REPLAY_FAILURES_KEPT,
  type Replay,
  type ReplayFailure,
  type ReplayProgress,
} from "../core/replay.ts";
import type { System } from "../core/system.ts";
import type { LetterIndex, ReplayBook } from "./ports.ts";
import type { ReplayLetter } from "./replay-letter.ts";

interface ReplayRunner {
  /** Looks each second for replays that nobody works on. */
  readonly start: () => void;
  /** Works on this one here, unless another process does or it is over. */
  readonly attend: (id: string) => void;
  /** Resolves when the slices in work are done. */
  readonly stop: () => Promise<void>;
}

interface ReplayRunnerDeps {
  readonly book: ReplayBook;
  readonly index: Pick<LetterIndex, "walk">;
  readonly replayLetter: ReplayLetter;
  readonly tell: Tell;
  readonly system: System;
}

const LOOK_EVERY_MS = 1_000;
const SLICES_PER_SECOND = 5;
/** Whole letters of a slice are in memory at once, at 256 KiB each. */
const SLICE_MAX = 100;

export function createReplayRunner(deps: ReplayRunnerDeps): ReplayRunner {
  const { book, system, tell } = deps;
  const holder = system.uuid();
  const stopping = new AbortController();
  const { signal } = stopping;
  const attended = new Map<string, Promise<void>>();
  let looking: NodeJS.Timeout | undefined;

  const fail = tellFailure(tell, "replay");

  const workOn = async (id: string): Promise<void> => {
    try {
      while (!signal.aborted) {
        const startedAt = system.monotonicMs();
        const held = await book.hold(id, holder);
        if (held === null) return;
        const { ratePerSecond } = held.replay;
        const sent = await workSlice(held, holder, deps);
        await rest(startedAt + (sent * 1_000) / ratePerSecond - system.monotonicMs(), signal);
      }
    } finally {
      await book.letGo(id, holder);
    }
  };

  const attend = (id: string): void => {
    if (attended.has(id) || signal.aborted) return;
    const work = workOn(id)
      .catch(fail)
      .finally(() => attended.delete(id));
    attended.set(id, work);
  };

  return {
    start: () => {
      const look = (): void => void book.open().then((ids) => ids.forEach(attend), fail);
      looking = setInterval(look, LOOK_EVERY_MS).unref();
    },
    attend,
    stop: async () => {
      clearInterval(looking);
      stopping.abort();
      await Promise.all(attended.values());
    },
  };
}

/** Resolves with how many letters were sent again. */
async function workSlice(
  { replay, cursor }: HeldReplay,
  holder: string,
  deps: ReplayRunnerDeps,
): Promise<number> {
  const { book, index, system } = deps;
  const limit = Math.min(SLICE_MAX, Math.ceil(replay.ratePerSecond / SLICES_PER_SECOND));
  const page = await index.walk(letterFilterOf(replay), "oldest", { after: cursor, limit });
  const ends = await endsOf(page.data, replay, deps.replayLetter);
  const count = (kind: End["kind"]): number => ends.filter((end) => end.kind === kind).length;
  const progress: ReplayProgress = {
    cursor: page.next,
    replayed: count("replayed"),
    skipped: count("skipped"),
    failed: count("failed"),
    failures: [...replay.failures, ...ends.flatMap(failureOf)].slice(0, REPLAY_FAILURES_KEPT),
    finishedAt: page.next === null ? new Date(system.now()).toISOString() : null,
    dealtWith: ends.filter(({ kind }) => kind !== "failed").map(({ letter }) => letter),
  };
  await book.advance(replay.id, holder, progress);
  return progress.replayed;
}

interface End {
  readonly letter: LetterSummary;
  readonly kind: "replayed" | "skipped" | "failed";
  /** The reason it failed. */
  readonly problem: string;
}

/** A failure of our own is thrown once all have come to an end; the slice is then done again. */
async function endsOf(
  letters: readonly LetterSummary[],
  { to, createdAt }: Replay,
  replayLetter: ReplayLetter,
): Promise<readonly End[]> {
  const redirection = to === null ? null : { to, since: createdAt };
  const results = await Promise.allSettled(letters.map(({ id }) => replayLetter(id, redirection)));
  return letters.map((letter, index) => {
    const result = results[index];
    return result?.status === "rejected"
      ? endOfRefusal(letter, result.reason)
      : { letter, kind: "replayed", problem: "" };
  });
}

function endOfRefusal(letter: LetterSummary, error: unknown): End {
  if (!(error instanceof HookwaveError)) throw error;
  switch (error.code) {
    case "DEAD_LETTER_UNKNOWN":
      return { letter, kind: "skipped", problem: "" };
    case "EVENT_INVALID":
    case "REPLAY_INVALID":
      return { letter, kind: "failed", problem: error.message };
    default:
      throw error;
  }
}

const failureOf = ({ letter, kind, problem }: End): readonly ReplayFailure[] =>
  kind === "failed" ? [{ id: letter.id, problem }] : [];

/** Ends early when it is time to stop. */
async function rest(forMs: number, signal: AbortSignal): Promise<void> {
  // All it can reject with is that it was told to stop.
  await pause(Math.max(0, forMs), undefined, { ref: false, signal }).catch(() => undefined);
}
