/**
 * The live view as the page hears it: what came and was not taken yet, as text, of which only the newest is kept; and how
 * much came. Nothing is read of a row before somebody takes it, so that what nobody will see costs next to nothing. It
 * sleeps while the page is hidden, and goes on behind the last row that it had.
 */
import { type Problem, refusalOf } from "./api.ts";
import { now } from "./clock.ts";
import { api, type Query, withQuery } from "./places.ts";

/** `lost` is tried again by itself. */
export type Connection = "opening" | "open" | "lost" | "refused";

export interface LiveCounts {
  /** Rows that came. */
  readonly came: number;
  /** Attempts that the service left out, since the page was slower than they came. */
  readonly dropped: number;
  /** The page was away for longer than the service remembers. */
  readonly hasGap: boolean;
}

export interface LiveFeed {
  /** The newest rows since the last call, oldest first. */
  readonly take: () => readonly string[];
  readonly counts: () => LiveCounts;
  readonly connection: () => Connection;
  /** Why it is refused. */
  readonly problem: () => Problem | null;
  /** Attempts in a second, of the last ten. */
  readonly perSecond: () => number;
  readonly close: () => void;
}

const ASK_AGAIN_MS = 5_000;
const RATE_SECONDS = 10;

export function openLiveFeed(query: Query, keptRows: number, onNews: () => void): LiveFeed {
  let texts: string[] = [];
  let [came, dropped, hasGap, lastId] = [0, 0, false, ""];
  const rate = createRate();
  const heard = (text: string, id: string): void => {
    came += 1;
    rate.add(1);
    lastId = id || lastId;
    texts.push(text);
    // Not at each: a copy of all for every row would be what costs most.
    if (texts.length > 2 * keptRows) texts = texts.slice(-keptRows);
    onNews();
  };
  const missed = (text: string): void => {
    const { count }: { count: number | null } = JSON.parse(text);
    hasGap ||= count === null;
    dropped += count ?? 0;
    rate.add(count ?? 0);
    onNews();
  };
  const line = openLine(() => withQuery(api("live"), { ...query, after: lastId }), heard, missed, onNews);
  return {
    take: () => texts.splice(0).slice(-keptRows),
    counts: () => ({ came, dropped, hasGap }),
    connection: line.connection,
    problem: line.problem,
    perSecond: rate.perSecond,
    close: line.close,
  };
}

/** An EventSource that says why it was refused, and is there only while somebody looks. */
function openLine(
  url: () => string,
  heard: (text: string, id: string) => void,
  missed: (text: string) => void,
  onChange: () => void,
): Pick<LiveFeed, "connection" | "problem" | "close"> {
  let connection: Connection = "opening";
  let problem: Problem | null = null;
  let source: EventSource | null = null;
  let timer = 0;
  const become = (next: Connection, because: Problem | null = null): void => {
    connection = next;
    problem = because;
    onChange();
  };
  const leave = (): void => {
    clearTimeout(timer);
    source?.close();
    source = null;
  };
  const open = (): void => {
    leave();
    const opened = new EventSource(url());
    source = opened;
    opened.addEventListener("open", () => become("open"));
    opened.addEventListener("attempt", ({ data, lastEventId }) => heard(data, lastEventId));
    opened.addEventListener("dropped", ({ data }) => missed(data));
    opened.addEventListener("error", () => {
      if (opened.readyState !== EventSource.CLOSED) return become("lost");
      // A browser does not say what an EventSource was answered, nor does it try again.
      timer = window.setTimeout(open, ASK_AGAIN_MS);
      refusalOf(url()).then((because) => {
        if (source === opened) become(because === null ? "lost" : "refused", because);
      });
    });
  };
  const look = (): void => (document.visibilityState === "visible" ? open() : leave());
  document.addEventListener("visibilitychange", look);
  look();
  return {
    connection: () => connection,
    problem: () => problem,
    close: () => {
      document.removeEventListener("visibilitychange", look);
      leave();
    },
  };
}

/** Counts by the second, so that a rate is that of the last ten. */
function createRate() {
  const began = now();
  const seconds = new Map<number, number>();
  const second = (): number => Math.floor(now() / 1_000);
  return {
    add: (count: number): void => {
      const at = second();
      seconds.set(at, (seconds.get(at) ?? 0) + count);
      for (const old of seconds.keys()) if (old < at - RATE_SECONDS) seconds.delete(old);
    },
    perSecond: (): number => {
      const at = second();
      let sum = 0;
      for (const [one, count] of seconds) if (one < at && one >= at - RATE_SECONDS) sum += count;
      return sum / Math.max(1, Math.min(RATE_SECONDS, (now() - began) / 1_000));
    },
  };
}
