/**
 * Clock skew: the most that two clocks of an installation may be apart. Delays follow the clock of the worker that
 * looks at them: an hour too far, and a wait of an hour is over at once (trap 13).
 */
import { HookwaveError } from "./errors.ts";

export const SKEW_MAX_MS = 2_000;

export function skewError(skewMs: number): HookwaveError {
  return new HookwaveError("REDIS_UNSAFE", {
    expected: `this machine's clock within ${SKEW_MAX_MS / 1_000} s of Redis'`,
    got: `a difference of ${skewMs / 1_000} s`,
    remedy: "synchronise the clocks (NTP): waits between attempts follow them, so no job is taken",
  });
}
