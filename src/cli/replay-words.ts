/** The progress of a replay, in words. */
import type { ShownReplay } from "../api/routes/replays.ts";

export function replayInWords({ state, replayed, skipped, failed }: ShownReplay): string {
  return [
    ...(state === "running" || state === "done" ? [] : [state]),
    `replayed ${replayed}`,
    ...(skipped === 0 ? [] : [`skipped ${skipped} that were gone`]),
    ...(failed === 0 ? [] : [`failed ${failed}`]),
  ].join(", ");
}
