/**
 * The load of this process, as the part of its time in which it waits for nothing. One that always has something to do
 * is late with everything, however short each thing is, and takes its own slowness for its receivers'.
 */
import type { System } from "../core/system.ts";

interface OwnLoad {
  /** Begins anew: what was before is over. */
  readonly begin: () => void;
  /** Told from time to time: two looks back is as far as it judges by. */
  readonly look: () => void;
  /** It has had something to do for nearly all of the time since the look before the latest. */
  readonly isFull: () => boolean;
}

const IDLE_MIN = 0.1;

export function createOwnLoad({ monotonicMs, idleMs }: Pick<System, "monotonicMs" | "idleMs">): OwnLoad {
  const now = () => ({ atMs: monotonicMs(), idleMs: idleMs() });
  let latest = now();
  let before = latest;
  return {
    begin: () => {
      latest = now();
      before = latest;
    },
    look: () => {
      before = latest;
      latest = now();
    },
    isFull: () => idleMs() - before.idleMs < (monotonicMs() - before.atMs) * IDLE_MIN,
  };
}
