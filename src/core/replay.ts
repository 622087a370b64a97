/**
 * A replay of many dead letters, which goes on by itself and can be paused and cancelled. It is the only one that is
 * written down, so it alone is a `Replay`: one dead letter (queue/replay-letter.ts) or an event (manage/send-again.ts)
 * is sent again at once, and is over with the answer. This is what is known of one, and which orders it obeys in which
 * state. Pure: who runs it is in queue/replay-runner.ts.
 */
import type { EndpointId } from "./brand.ts";
import type { LetterEntry, LetterFilter } from "./letter.ts";

export const REPLAY_STATES = ["running", "paused", "cancelled", "done"] as const;
export type ReplayState = (typeof REPLAY_STATES)[number];

export const REPLAY_ORDERS = ["pause", "resume", "cancel"] as const;
export type ReplayOrder = (typeof REPLAY_ORDERS)[number];

export const REPLAY_RATE = { min: 1, max: 10_000, default: 50 } as const;

export interface ReplayRequest {
  /** All of them when absent. */
  readonly filter?: LetterFilter;
  /** Letters per second, 1–10,000; what Redis and the receivers can take may be less. Default: 50. */
  readonly ratePerSecond?: number | undefined;
  /** The endpoint they go to instead of the one they were owed to. */
  readonly to?: EndpointId | undefined;
}

/** A letter that could not be sent again; it is still there. */
export interface ReplayFailure {
  readonly id: string;
  readonly problem: string;
}

export interface Replay {
  readonly id: string;
  readonly filter: LetterFilter;
  readonly ratePerSecond: number;
  /** Null for the endpoint each letter was owed to. */
  readonly to: EndpointId | null;
  readonly state: ReplayState;
  /** ISO 8601; letters buried later, such as those it has sent itself, are not its business. */
  readonly createdAt: string;
  /** ISO 8601; null while it is running or paused. */
  readonly finishedAt: string | null;
  /** Letters that the filter matched at its creation. */
  readonly total: number;
  readonly replayed: number;
  /** Those that were gone when their turn came: replayed or removed by somebody else, or by itself before a crash. */
  readonly skipped: number;
  readonly failed: number;
  /** The first of those that failed. */
  readonly failures: readonly ReplayFailure[];
}

/** A replay as the process that works on it has it. */
export interface HeldReplay {
  readonly replay: Replay;
  /** Behind the last letter that was dealt with; null at the beginning. */
  readonly cursor: string | null;
}

/** The result of one slice of a replay. */
export interface ReplayProgress {
  readonly cursor: string | null;
  readonly replayed: number;
  readonly skipped: number;
  readonly failed: number;
  /** Those of the whole replay that are shown. */
  readonly failures: readonly ReplayFailure[];
  /** ISO 8601 when this was the last slice. */
  readonly finishedAt: string | null;
  /** Letters that are no more; they leave the index in the same moment. */
  readonly dealtWith: readonly LetterEntry[];
}

export const REPLAY_FAILURES_KEPT = 20;

/** The letters that are a replay's business. */
export function letterFilterOf({ filter, createdAt }: Pick<Replay, "filter" | "createdAt">): LetterFilter {
  return { ...filter, until: Math.min(filter.until ?? Number.POSITIVE_INFINITY, Date.parse(createdAt) + 1) };
}

/** The state an order leads to; null where it cannot be obeyed. Giving an order twice does no harm. */
export function stateAfterOrder(state: ReplayState, order: ReplayOrder): ReplayState | null {
  const isOver = state === "done" || state === "cancelled";
  switch (order) {
    case "pause":
      return isOver ? null : "paused";
    case "resume":
      return isOver ? null : "running";
    case "cancel":
      return state === "done" ? null : "cancelled";
  }
}
