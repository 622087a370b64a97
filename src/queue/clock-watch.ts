/**
 * Keeps a worker from running deliveries by a clock that has gone wrong: waits between attempts follow it, and an
 * hour too far they would all be over at once (trap 13). A jump is seen within a tenth of a second without asking
 * anybody; a drift by asking Redis each minute. Until Redis says that the clock is right, no job is taken.
 */
import { SKEW_MAX_MS, skewError } from "../core/clock-skew.ts";
import { type Tell, tellFailure } from "../core/happening.ts";
import type { System } from "../core/system.ts";

interface ClockDeps {
  readonly system: Pick<System, "now" | "monotonicMs">;
  /** Ms between this machine's clock and Redis'; null when the answer took too long to tell. */
  readonly askSkewMs: () => Promise<number | null>;
  readonly pause: () => void;
  readonly resume: () => void;
  readonly tell: Tell;
}

const LOOK_MS = 100;
const ASK_MS = 60_000;
/** While it is wrong, or was not to be had. */
const ASK_AGAIN_MS = 1_000;

/** Begins to watch; the returned function ends it. */
export function watchClock({ system, askSkewMs, pause, resume, tell }: ClockDeps): () => void {
  const offset = (): number => system.now() - system.monotonicMs();
  let trusted = offset();
  let askAt = 0;
  let isPaused = false;
  let isToldWrong = false;
  let isAsking = false;
  const fail = tellFailure(tell, "check_clock");

  const actOn = (skewMs: number): void => {
    if (Math.abs(skewMs) > SKEW_MAX_MS) {
      if (!isPaused) pause();
      isPaused = true;
      if (!isToldWrong) fail(skewError(skewMs));
      isToldWrong = true;
      return;
    }
    trusted = offset();
    askAt = system.monotonicMs() + ASK_MS;
    if (isToldWrong)
      tell({ kind: "service.noticed", notice: "the clock is right again: taking jobs", detail: {} });
    isToldWrong = false;
    if (isPaused) resume();
    isPaused = false;
  };

  const ask = async (): Promise<void> => {
    askAt = system.monotonicMs() + ASK_AGAIN_MS;
    const skewMs = await askSkewMs();
    if (skewMs !== null) actOn(skewMs);
  };

  const look = (): void => {
    if (!isPaused && Math.abs(offset() - trusted) > SKEW_MAX_MS) {
      isPaused = true;
      pause();
      askAt = 0;
    }
    if (isAsking || system.monotonicMs() < askAt) return;
    isAsking = true;
    ask()
      .catch(fail)
      .finally(() => {
        isAsking = false;
      });
  };

  const timer = setInterval(look, LOOK_MS);
  timer.unref();
  return () => clearInterval(timer);
}
