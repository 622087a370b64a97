/**
 * The live views of several shards, as one. Each is read on by itself; a place is one in each of them, so that whoever comes
 * back misses nothing of any.
 */
import { placeText, type RecentAttempt } from "../core/live.ts";
import { cursorInvalid } from "../core/page.ts";
import { joinPlaces, splitPlaces } from "../core/shards.ts";
import type { Live } from "./live.ts";
import type { LiveNews, LiveView } from "./live-view.ts";

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

/** `known` are the places that each of them has come to, or was opened at. */
function viewOver(views: readonly LiveView[], known: string[]): LiveView {
  return {
    take: (most) => {
      let left = most;
      const news = views.map((view): LiveNews => {
        const taken = view.take(left);
        left -= taken.attempts.length;
        return taken;
      });
      for (const [shard, { attempts, place }] of news.entries())
        if (attempts.length === 0 && place !== null) known[shard] = place;
      const attempts = inOrder(news);
      const places = attempts.map(({ attempt, shard }) => {
        known[shard] = placeText(attempt.place);
        return joinPlaces(known);
      });
      for (const [shard, { place }] of news.entries()) if (place !== null) known[shard] = place;
      return {
        dropped: news.reduce<number | null>(
          (sum, { dropped }) => (sum === null || dropped === null ? null : sum + dropped),
          0,
        ),
        attempts: attempts.map(({ attempt }) => attempt),
        places,
        place: news.every(({ place }) => place !== null) ? joinPlaces(known) : null,
      };
    },
    close: () => {
      for (const view of views) view.close();
    },
  };
}

/** By the time at which each was recorded; those of one shard stay in their order, as their places do. */
const inOrder = (news: readonly LiveNews[]) =>
  news
    .flatMap(({ attempts }, shard) => attempts.map((attempt) => ({ attempt, shard })))
    .sort((one, other) => recordedAt(one.attempt) - recordedAt(other.attempt));

const recordedAt = ({ place }: RecentAttempt): number => Number(place.entry.split("-", 1)[0]);
