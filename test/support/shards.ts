/** Events by the shard that they lie in, of an installation in three; and lists read page by page. */
import { expect } from "vitest";
import { asEventId } from "../../src/core/brand.ts";
import type { Page } from "../../src/core/page.ts";
import { shardNumber } from "../../src/store/shard-places.ts";

export const SHARDS = 3;

export const namesOf = (prefix: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, n) => `evt_${prefix}_${String(n).padStart(2, "0")}`);
export const shardOf = (id: string): number => shardNumber(asEventId(id), SHARDS);
/** Of each shard one. */
export const oneOfEach = (prefix: string): readonly string[] =>
  Array.from(
    { length: SHARDS },
    (_, shard) => namesOf(prefix, 100).find((id) => shardOf(id) === shard) ?? "",
  );

export async function readAll<Item>(
  read: (request: { readonly after: string | null; readonly limit: number }) => Promise<Page<Item>>,
  limit: number,
): Promise<readonly Item[]> {
  const all: Item[] = [];
  let after: string | null = null;
  do {
    const page: Page<Item> = await read({ after, limit });
    expect(page.data.length).toBeLessThanOrEqual(limit);
    all.push(...page.data);
    // A feed has a next as long as there was anything.
    after = page.data.length === 0 ? null : page.next;
  } while (after !== null);
  return all;
}
