/**
 * Warns of sources without a secret, in whose name anybody may send: once an hour for each, by one process of the fleet.
 * It changes nothing of them: an operator may want it so for a while, and is not to forget it.
 */
import type { Tell } from "../core/happening.ts";
import { tellFailure } from "../core/happening.ts";
import type { Sources } from "../store/sources.ts";

const EVERY_MS = 60 * 60 * 1_000;
/** One that was added is warned of so soon. */
const LOOK_EVERY_MS = 60_000;

interface UnsignedSourcesDeps {
  readonly sources: Pick<Sources, "dueForWarning">;
  readonly tell: Tell;
  readonly now: () => number;
}

/** The watch; `look` is what it does each minute. */
export function watchUnsignedSources({ sources, tell, now }: UnsignedSourcesDeps) {
  let timer: NodeJS.Timeout | null = null;
  const look = async (): Promise<void> => {
    for (const source of await sources.dueForWarning(now(), EVERY_MS))
      tell({ kind: "source.unsigned", source });
  };
  const lookOrTell = (): void => void look().catch(tellFailure(tell, "look_at_sources"));
  return {
    look,
    start: (): void => {
      lookOrTell();
      timer = setInterval(lookOrTell, LOOK_EVERY_MS);
      timer.unref();
    },
    stop: (): void => {
      if (timer !== null) clearInterval(timer);
    },
  };
}
