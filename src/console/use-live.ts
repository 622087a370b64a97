/** The live view for a page that shows the newest of it: paused and gone on with, and every row accounted for. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { LiveRow } from "../api/live-frames.ts";
import type { Problem } from "./api.ts";
import { type Connection, type LiveCounts, type LiveFeed, openLiveFeed } from "./live-feed.ts";
import { createPace } from "./pace.ts";
import { type Query, withQuery } from "./places.ts";

export interface Live extends LiveCounts {
  /** Newest first, each the same object for as long as it is shown. */
  readonly rows: readonly LiveRow[];
  readonly connection: Connection;
  readonly problem: Problem | null;
  readonly perSecond: number;
  /** Rows that came since it was paused; null where it is not. */
  readonly heldBack: number | null;
  readonly togglePause: () => void;
}

interface Scene {
  rows: readonly LiveRow[];
  /** Rows that had come when it was paused. */
  pausedAt: number | null;
}

/** Without news, for the rate to fall. */
const TICK_MS = 1_000;

export function useLive(query: Query, rowsMax: number): Live {
  const [, paint] = useState(0);
  const scene = useRef<Scene>({ rows: [], pausedAt: null });
  const [feed, setFeed] = useState<LiveFeed | null>(null);
  const key = withQuery("", query);
  useEffect(() => {
    scene.current = { rows: [], pausedAt: null };
    const pace = createPace(() => {
      const { current } = scene;
      if (current.pausedAt === null) current.rows = withNewest(current.rows, opened.take(), rowsMax);
      paint((painted) => painted + 1);
    });
    const opened = openLiveFeed(query, rowsMax, pace.ask);
    setFeed(opened);
    const timer = setInterval(pace.ask, TICK_MS);
    return () => {
      clearInterval(timer);
      opened.close();
      pace.stop();
    };
  }, [key, rowsMax]);
  const { rows, pausedAt } = scene.current;
  const counts = feed?.counts() ?? { came: 0, dropped: 0, hasGap: false };
  return {
    ...counts,
    rows,
    connection: feed?.connection() ?? "opening",
    problem: feed?.problem() ?? null,
    perSecond: feed?.perSecond() ?? 0,
    heldBack: pausedAt === null ? null : counts.came - pausedAt,
    togglePause: () => {
      scene.current.pausedAt = pausedAt === null ? counts.came : null;
      if (feed !== null && pausedAt !== null) scene.current.rows = withNewest(rows, feed.take(), rowsMax);
      paint((painted) => painted + 1);
    },
  };
}

function withNewest(rows: readonly LiveRow[], texts: readonly string[], rowsMax: number): readonly LiveRow[] {
  if (texts.length === 0) return rows;
  const newest: LiveRow[] = texts.map((text) => JSON.parse(text));
  return [...newest.reverse(), ...rows].slice(0, rowsMax);
}
