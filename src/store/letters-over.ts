/** The index of the dead letters of several shards, as one. */
import { letterPlace } from "../core/letter.ts";
import type { PageRequest } from "../core/page.ts";
import { mergedPage, type Shards, withPlaces } from "../core/shards.ts";
import type { LetterIndex } from "../queue/ports.ts";
import { groupByLooking } from "./letter-index.ts";

/** The index of all shards, to which each adds its own. Of an entry the id does not say in which shard it is: it is taken out of each, which does no harm. */
export function lettersOver({ all }: Shards<LetterIndex>): Omit<LetterIndex, "add"> {
  const walk: LetterIndex["walk"] = (filter, order, page) =>
    mergedPage(
      all.map(
        (index) => async (own: PageRequest) => withPlaces(await index.walk(filter, order, own), letterPlace),
      ),
      order,
      page,
    );
  return {
    remove: async (entries) => {
      await Promise.all(all.map((index) => index.remove(entries)));
    },
    walk,
    count: async (filter) => {
      const counts = await Promise.all(all.map((index) => index.count(filter)));
      return counts.reduce((sum, count) => sum + count, 0);
    },
    groups: (filter) => groupByLooking(walk, filter),
    missing: async (ids) => {
      const missing = await Promise.all(all.map((index) => index.missing(ids)));
      return ids.filter((id) => missing.every((some) => some.includes(id)));
    },
  };
}
