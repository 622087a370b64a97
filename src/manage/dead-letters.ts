/**
 * Management of dead letters: looking through them, sending them again, one or many, and removing them. The queue does
 * all of it; people get what is theirs of it.
 */
import type { DeadLetters } from "../queue/dead-letters.ts";
import type { Replays } from "../queue/replays.ts";

/** Without what only a starting process does. */
export type DeadLetterManagement = Omit<DeadLetters, "reindex">;

export interface ReplayManagement extends Replays {
  /** Works on it in this process, unless another one does already. */
  readonly attend: (id: string) => void;
}
