/**
 * One view of the attempts as they are made: its filter, its bounded buffer, and its way from the place it was opened at
 * to where the others are. It reads that way at the pace of whoever takes, so that nothing which the stream still has is
 * lost to somebody who comes back.
 */
import { setTimeout as pause } from "node:timers/promises";
import {
  comparePlaces,
  isWatched,
  type LiveFilter,
  type Place,
  placeText,
  type RecentAttempt,
} from "../core/live.ts";
import type { RecentAttempts } from "../store/recent-attempts.ts";

export interface LiveNews {
  /** Attempts that were lost before these; null where nobody can tell how many: the stream has its beginning no more. */
  readonly dropped: number | null;
  /** Oldest first. */
  readonly attempts: readonly RecentAttempt[];
  /** In an installation that is divided, the place to come back to after each of them. */
  readonly places?: readonly string[];
  /** The place to come back to after all of these; null while more waits, or while the stream is not known. */
  readonly place: string | null;
}

export interface LiveView {
  /** So many at the most; never waits. */
  readonly take: (most: number) => LiveNews;
  readonly close: () => void;
}

export interface LiveListener {
  /** There may be something to take. */
  readonly onNews: () => void;
  /** There will be no more: the service is being closed. */
  readonly onEnd: () => void;
}

/** A view as the reader has it. */
export interface Watcher {
  readonly hear: (attempts: readonly RecentAttempt[], upTo: Place) => void;
  readonly end: () => void;
}

interface LiveViewDeps {
  readonly recent: Pick<RecentAttempts, "after">;
  readonly filter: LiveFilter;
  /** Null for now. */
  readonly start: Place | null;
  readonly listener: LiveListener;
  /** The end of what all others have heard. */
  readonly placeNow: () => Place | null;
  readonly leave: (watcher: Watcher) => void;
}

/** Attempts that wait for one who is slow: a second or so of a busy fleet, half a megabyte. */
const BUFFER_MAX = 1_000;
const RETRY_MS = 250;

interface State {
  readonly waiting: RecentAttempt[];
  dropped: number | null;
  /** All before it has been looked at. */
  place: Place | null;
  /** It reads on by itself, and does not hear what others hear. */
  isBehind: boolean;
  isCatchingUp: boolean;
  /** The place after which something is missing, as was told: another look at it tells nothing new. */
  missedAfter: Place | null;
  isOpen: boolean;
}

export function createLiveView(deps: LiveViewDeps) {
  const { filter, start, listener, placeNow, leave } = deps;
  const isBehind = start !== null;
  const state: State = {
    waiting: [],
    dropped: 0,
    place: start,
    isBehind,
    isCatchingUp: false,
    missedAfter: null,
    isOpen: true,
  };
  const { waiting } = state;

  const watcher: Watcher = {
    hear: (attempts, upTo) => {
      if (state.isBehind) return;
      // Its own page may have reached further than what all have heard.
      const isNew = (place: Place): boolean => state.place === null || comparePlaces(place, state.place) > 0;
      const first = attempts.findIndex(({ place }) => isNew(place));
      const unread = first === -1 ? [] : attempts.slice(first);
      waiting.push(...unread.filter(({ record }) => isWatched(record, filter)));
      if (isNew(upTo)) state.place = upTo;
      const surplus = Math.max(0, waiting.length - BUFFER_MAX);
      waiting.splice(0, surplus);
      if (state.dropped !== null) state.dropped += surplus;
      if (waiting.length > 0) listener.onNews();
    },
    end: () => {
      state.isOpen = false;
      listener.onEnd();
    },
  };
  const view: LiveView = {
    take: (most) => {
      const news = { dropped: state.dropped, attempts: waiting.splice(0, most) };
      state.dropped = 0;
      const isEmpty = waiting.length === 0;
      if (isEmpty) void catchUp(state, deps);
      const end = state.place ?? placeNow();
      return { ...news, place: isEmpty && end !== null ? placeText(end) : null };
    },
    close: () => {
      state.isOpen = false;
      leave(watcher);
    },
  };
  return { watcher, view };
}

async function catchUp(state: State, deps: LiveViewDeps): Promise<void> {
  if (state.isCatchingUp || !state.isBehind) return;
  state.isCatchingUp = true;
  while (state.isBehind && state.isOpen && state.waiting.length === 0) {
    await readPage(state, deps).catch(() => pause(RETRY_MS, undefined, { ref: false }));
  }
  state.isCatchingUp = false;
  if (state.isOpen) deps.listener.onNews();
}

/** It is behind for as long as others may have heard what is not in its page. */
async function readPage(state: State, { recent, filter, placeNow }: LiveViewDeps): Promise<void> {
  const from = state.place;
  if (from === null) return;
  const before = placeNow();
  const page = await recent.after(from);
  if (!page.isWhole && state.missedAfter !== from) {
    state.dropped = null;
    state.missedAfter = from;
  }
  state.waiting.push(...page.attempts.filter(({ record }) => isWatched(record, filter)));
  const now = placeNow();
  // Nothing comes after a place that the stream has not, and others are not there yet: it is of another stream.
  const isOfAnother =
    !page.isWhole && page.upTo === from && before !== null && comparePlaces(before, from) < 0;
  state.place = isOfAnother ? before : page.upTo;
  const isKnown = before !== null && now !== null;
  const hasMissed = isKnown && comparePlaces(before, now) < 0 && comparePlaces(state.place, now) < 0;
  state.isBehind = page.isFull || !isKnown || hasMissed;
  if (now === null) await pause(RETRY_MS, undefined, { ref: false });
}
