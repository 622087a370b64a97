/**
 * A delivery's round as one sees it: its attempts with the waits between them, each with its part of the longest, so that all
 * bars have one scale. Pure: the page draws it, and knows the time.
 */
import type { AnsweredAttempt, WholeDeliveryInJson } from "../api/shown-delivery.ts";

export interface Wait {
  readonly kind: "wait";
  /** Null while the next attempt has no time of its own. */
  readonly spanMs: number | null;
  /** Of the longest wait of the round, 0 to 1. */
  readonly share: number;
  /** The part of it that is over, 0 to 1. */
  readonly passed: number;
  /** ISO 8601, of the attempt that it ends with, or is to end with. */
  readonly until: string | null;
}

export type Step = { readonly kind: "attempt"; readonly attempt: AnsweredAttempt } | Wait;

/** Shorter ones before a first attempt are the way through the queue, and no wait. */
const SHORTEST_FIRST_MS = 1_000;

type Round = Pick<WholeDeliveryInJson, "attempts" | "created_at" | "next_attempt_at" | "round" | "status">;

export const isWaiting = ({ status }: Pick<Round, "status">): boolean =>
  status === "held" || status === "retrying";

export function stepsOf(delivery: Round, nowMs: number): readonly Step[] {
  const raw = rawSteps(delivery);
  const longest = Math.max(1, ...raw.map((step) => ("fromMs" in step ? lengthOf(step, nowMs) : 0)));
  return raw.map((step) => {
    if (!("fromMs" in step)) return step;
    const { fromMs, toMs, isOver } = step;
    const spanMs = toMs === null ? null : Math.max(0, toMs - fromMs);
    const passed = isOver || spanMs === null || spanMs === 0 ? 1 : (nowMs - fromMs) / spanMs;
    return {
      kind: "wait",
      spanMs,
      share: lengthOf(step, nowMs) / longest,
      passed: Math.min(1, Math.max(0, passed)),
      until: toMs === null ? null : new Date(toMs).toISOString(),
    };
  });
}

interface RawWait {
  readonly fromMs: number;
  readonly toMs: number | null;
  readonly isOver: boolean;
}

const lengthOf = ({ fromMs, toMs }: RawWait, nowMs: number): number => Math.max(0, (toMs ?? nowMs) - fromMs);

function rawSteps(delivery: Round): readonly (Exclude<Step, Wait> | RawWait)[] {
  const { attempts, next_attempt_at: next, round, created_at: createdAt } = delivery;
  const steps: (Exclude<Step, Wait> | RawWait)[] = [];
  // Of a later round nobody has written down when it was begun.
  let endMs = round === 0 ? Date.parse(createdAt) : null;
  for (const [nth, attempt] of attempts.entries()) {
    const startMs = Date.parse(attempt.started_at);
    if (endMs !== null && (nth > 0 || startMs - endMs >= SHORTEST_FIRST_MS))
      steps.push({ fromMs: endMs, toMs: startMs, isOver: true });
    steps.push({ kind: "attempt", attempt });
    endMs = startMs + attempt.duration_ms;
  }
  if (isWaiting(delivery) && endMs !== null)
    steps.push({ fromMs: endMs, toMs: next === null ? null : Date.parse(next), isOver: false });
  return steps;
}
