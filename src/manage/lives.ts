/**
 * The live views of several shards, as one. Each is read on by itself; a place is one in each of them, so that whoever comes
 * back misses nothing of any.
 */
import { placeText, type RecentAttempt } from "../core/live.ts";
import { cursorInvalid } from "../core/page.ts";
import { joinPlaces, splitPlaces } from "../core/shards.ts";
import type { Live } from "./live.ts";
import type { LiveView } from "./live-view.ts";

export function livesOver(lives: readonly Live[]): Live {
  return {
    open: async (filter, after, listener) => {
      const places = after === null ? [] : splitPlaces(after, lives.length);
      if (places === null) throw cursorInvalid(after ?? "");
      let isEnded = false;
      const onEnd = (): void => {
        if (!isEnded) listener.onEnd();
        isEnded = true;
      };
      const opened = await Promise.allSettled(
        lives.map((live, shard) => live.open(filter, places[shard] || null, { ...listener, onEnd })),
      );
      const views = opened.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
      const failure = opened.find((one) => one.status === "rejected");
      if (failure === undefined)
        return viewOver(
          views,
          lives.map((_, shard) => places[shard] ?? ""),
        );
      for (const view of views) view.close();
      throw failure.reason;
    },
    close: () => {
      for (const live of lives) live.close();
    },
  };
}

/** Attempts of one shard that have been taken from its view, and wait for older ones of the others. */
interface Taken {
  readonly view: LiveView;
  held: RecentAttempt[];
  /** Attempts that were lost before these, and not told of yet; null where nobody knows how many. */
  lost: number | null;
  /** The place to come back to after these; null while more waits behind them, or none is known. */
  end: string | null;
}

/** `known` are the places that each of them has come to, or was opened at. */
function viewOver(views: readonly LiveView[], known: string[]): LiveView {
  const shards = views.map((view): Taken => ({ view, held: [], lost: 0, end: null }));
  const come = (shard: number, place: string | null): void => {
    if (place !== null) known[shard] = place;
  };
  return {
    take: (most) => {
      for (const [shard, one] of shards.entries()) come(shard, refill(one, most));
      const dropped = shards.map(({ lost }) => lost).reduce(both, 0);
      for (const one of shards) one.lost = 0;
      const attempts: RecentAttempt[] = [];
      const places: string[] = [];
      // Losses are told before a page: one that finds more of them on its way ends there.
      while (attempts.length < most && shards.every(({ lost }) => lost === 0)) {
        const oldest = oldestOf(shards);
        if (oldest === null) break;
        const { shard, from, attempt } = oldest;
        from.held.shift();
        attempts.push(attempt);
        come(shard, placeText(attempt.place));
        places.push(joinPlaces(known));
        come(shard, refill(from, most));
      }
      const isAll = shards.every(({ held, end }) => held.length === 0 && end !== null);
      return { dropped, attempts, places, place: isAll ? joinPlaces(known) : null };
    },
    close: () => {
      for (const view of views) view.close();
    },
  };
}

/** Takes more where nothing is held. The place that the shard has come to; null where that is still before it. */
function refill(shard: Taken, most: number): string | null {
  if (shard.held.length > 0) return null;
  const { attempts, place, dropped } = shard.view.take(most);
  shard.held = [...attempts];
  shard.end = place;
  shard.lost = both(shard.lost, dropped);
  return attempts.length === 0 ? place : null;
}

/** Of two numbers of which either may not be known. */
const both = (one: number | null, other: number | null): number | null =>
  one === null || other === null ? null : one + other;

/**
 * The attempt that was recorded first; null where none has any. Those of one shard stay in their order, as their places do.
 */
function oldestOf(shards: readonly Taken[]) {
  const firsts = shards.flatMap((from, shard) => {
    const [attempt] = from.held;
    return attempt === undefined ? [] : [{ shard, from, attempt, at: recordedAt(attempt) }];
  });
  const earliest = Math.min(...firsts.map(({ at }) => at));
  return firsts.find(({ at }) => at === earliest) ?? null;
}

const recordedAt = ({ place }: RecentAttempt): number => Number(place.entry.split("-", 1)[0]);
