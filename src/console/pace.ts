/**
 * The pace of what is live: at most twenty paints a second, and never more than a twentieth of the time spent on them, however
 * slow the machine is.
 */
import { now } from "./clock.ts";

const BETWEEN_MS = 50;
const SHARE = 20;
const BETWEEN_MAX_MS = 1_000;

interface Pace {
  /** Paints soon; asked a thousand times in between, it is once. */
  readonly ask: () => void;
  readonly stop: () => void;
}

export function createPace(paint: () => void): Pace {
  let isAsked = false;
  let notBefore = 0;
  let timer = 0;
  let frame = 0;
  const run = (): void => {
    isAsked = false;
    const began = now();
    paint();
    // The browser's part of it, styles and layout, is over when the next task runs.
    setTimeout(() => {
      notBefore = now() + Math.min(BETWEEN_MAX_MS, Math.max(BETWEEN_MS, (now() - began) * SHARE));
    });
    notBefore = began + BETWEEN_MS;
  };
  return {
    ask: () => {
      if (isAsked) return;
      isAsked = true;
      timer = window.setTimeout(
        () => {
          frame = requestAnimationFrame(run);
        },
        Math.max(0, notBefore - now()),
      );
    },
    stop: () => {
      clearTimeout(timer);
      cancelAnimationFrame(frame);
    },
  };
}
