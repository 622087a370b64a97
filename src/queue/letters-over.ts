/** The dead letters of several shards, as one. A letter's id does not say in which it is: each is asked for it. */
import { letterPlace } from "../core/letter.ts";
import type { PageRequest } from "../core/page.ts";
import { mergedPage, withPlaces } from "../core/shards.ts";
import { type DeadLetters, insistConfirmed, type ShardLetters } from "./dead-letters.ts";
import type { LetterIndex } from "./ports.ts";
import type { ReplayLetter } from "./replay-letter.ts";

type Letters = readonly [ShardLetters, ...ShardLetters[]];

export function deadLettersOver(shards: Letters, index: Pick<LetterIndex, "count" | "groups">): DeadLetters {
  return {
    list: (filter, page) =>
      mergedPage(
        shards.map(
          ({ deadLetters }) =>
            async (own: PageRequest) =>
              withPlaces(await deadLetters.list(filter, own), letterPlace),
        ),
        "newest",
        page,
      ),
    count: index.count,
    groups: index.groups,
    get: async (id) => (await locate(id, shards)).deadLetters.get(id),
    replay: async (id, meaning) => (await locate(id, shards)).deadLetters.replay(id, meaning),
    remove: async (id) => await (await locate(id, shards)).deadLetters.remove(id),
    purge: async (filter, confirmedCount) => {
      const found = await Promise.all(shards.map((letters) => letters.find(filter)));
      const count = found.reduce((sum, entries) => sum + entries.length, 0);
      insistConfirmed(count, confirmedCount);
      await Promise.all(shards.map((letters, at) => letters.removeAll(found[at] ?? [])));
      return count;
    },
    reindex: async () => {
      await Promise.all(shards.map((letters) => letters.deadLetters.reindex()));
    },
  };
}

export function replayOver(shards: Letters): ReplayLetter {
  return async (id, redirection) => await (await locate(id, shards)).replayLetter(id, redirection);
}

/** One that is in none is unknown to the first as well; one whose shard is away may be known to it. */
async function locate(id: string, shards: Letters): Promise<ShardLetters> {
  const answers = await Promise.allSettled(shards.map((letters) => letters.has(id)));
  const at = answers.findIndex((answer) => answer.status === "fulfilled" && answer.value);
  const failure = answers.find((answer) => answer.status === "rejected");
  if (at === -1 && failure !== undefined) throw failure.reason;
  return shards[at] ?? shards[0];
}
