/** Management of dead letters: all that the queue does with them, and what the receivers had answered. */
import type { DeadLetters, StoredLetter } from "../queue/dead-letters.ts";
import type { Lookup } from "../store/lookup.ts";

export interface WholeLetter extends StoredLetter {
  /** The beginning of each answer, in the order of its attempts; null where it is not kept (any more). */
  readonly excerpts: readonly (string | null)[];
}

export interface DeadLetterManagement extends Omit<DeadLetters, "reindex" | "get"> {
  /** Throws DEAD_LETTER_UNKNOWN. */
  readonly get: (id: string) => Promise<WholeLetter>;
}

export function createDeadLetterManagement(
  { reindex: _, ...deadLetters }: DeadLetters,
  { excerpts }: Pick<Lookup, "excerpts">,
): DeadLetterManagement {
  return {
    ...deadLetters,
    get: async (id) => {
      const stored = await deadLetters.get(id);
      const { letter } = stored;
      return { ...stored, excerpts: letter.kind === "delivery" ? await excerpts(letter.delivery) : [] };
    },
  };
}
