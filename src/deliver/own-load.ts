/**
 * The time for which this process was busy itself: late with its looks at the clock, or with something to do nearly all
 * the time, however short each thing was. As long as that, it takes its own slowness for its receivers'.
 */
import type { System } from "../core/system.ts";

interface OwnLoad {
  /** Looks begin: what was before is not known. */
  readonly begin: () => void;
  /** A look, to be taken `LOOK_EVERY_MS` after the one before. True when it comes late. */
  readonly look: () => boolean;
  /** No look is taken from now on. */
  readonly end: () => void;
  /** Ms for which it was busy since then (monotonic ms). */
  readonly busyMsSince: (sinceMs: number) => number;
}

export const LOOK_EVERY_MS = 50;
const LATE_MS = 50;
/** One that waits for less than this part of its time is busy. */
const IDLE_MIN = 0.1;
/** Longer than any attempt takes. */
const KEPT_MS = 120_000;

interface Moment {
  readonly atMs: number;
  readonly idleMs: number;
}

export function createOwnLoad({ monotonicMs, idleMs }: Pick<System, "monotonicMs" | "idleMs">): OwnLoad {
  const now = (): Moment => ({ atMs: monotonicMs(), idleMs: idleMs() });
  /** The looks from which the load is judged; null while none are taken. */
  let looks: { readonly before: Moment; readonly latest: Moment } | null = null;
  /** In the order of time. */
  let busy: { readonly fromMs: number; toMs: number }[] = [];

  const isLateAfter = ({ atMs }: Moment, nowMs: number): boolean => nowMs - atMs >= LOOK_EVERY_MS + LATE_MS;
  /** The moment since which it is busy; null when it is not. */
  const busyFrom = (): number | null => {
    if (looks === null) return null;
    const { before, latest } = looks;
    const nowMs = monotonicMs();
    if (isLateAfter(latest, nowMs)) return latest.atMs + LOOK_EVERY_MS;
    const isFull = idleMs() - before.idleMs < (nowMs - before.atMs) * IDLE_MIN;
    return isFull ? before.atMs : null;
  };
  const note = (fromMs: number, toMs: number): void => {
    const last = busy.at(-1);
    if (last !== undefined && fromMs <= last.toMs) last.toMs = toMs;
    else busy = [...busy.filter((one) => one.toMs > toMs - KEPT_MS), { fromMs, toMs }];
  };

  return {
    begin: () => {
      const latest = now();
      looks = { before: latest, latest };
    },
    look: () => {
      const latest = now();
      const fromMs = busyFrom();
      const isLate = looks !== null && isLateAfter(looks.latest, latest.atMs);
      if (fromMs !== null) note(fromMs, latest.atMs);
      looks = { before: looks?.latest ?? latest, latest };
      return isLate;
    },
    end: () => {
      looks = null;
    },
    busyMsSince: (sinceMs) => {
      const fromMs = busyFrom();
      const [nowMs, lastTo] = [monotonicMs(), busy.at(-1)?.toMs ?? Number.NEGATIVE_INFINITY];
      let sum = fromMs === null ? 0 : Math.max(0, nowMs - Math.max(fromMs, sinceMs, lastTo));
      for (let at = busy.length - 1; at >= 0; at -= 1) {
        const one = busy[at];
        if (one === undefined || one.toMs <= sinceMs) break;
        sum += one.toMs - Math.max(one.fromMs, sinceMs);
      }
      return sum;
    },
  };
}
