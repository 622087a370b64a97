import { describe, expect, it } from "vitest";
import { pageQuery } from "../../../src/api/routing.ts";
import { asEventId } from "../../../src/core/brand.ts";
import type { Page, PageRequest } from "../../../src/core/page.ts";
import {
  askShards,
  joinPlaces,
  mergedPage,
  type Placed,
  type ReadPlaced,
  SHARDS_MAX,
  shardsOf,
} from "../../../src/core/shards.ts";

/** A list of these times, read page by page; it looks at `looks` of them for one and passes over what is odd, where told. */
const listOf =
  (times: readonly number[], { looks = 100, onlyEven = false } = {}): ReadPlaced<number> =>
  async ({ after, limit }) => {
    const from = after === null ? 0 : times.findIndex((time) => `${time}-0` === after) + 1;
    const seen = times.slice(from, from + Math.min(looks, onlyEven ? looks : limit));
    const data: Placed<number>[] = seen
      .filter((time) => !onlyEven || time % 2 === 0)
      .map((item) => ({ item, place: `${item}-0` }));
    const last = seen.at(-1);
    const isMore = last !== undefined && from + seen.length < times.length;
    return { data, next: isMore ? `${last}-0` : null };
  };

async function readAll(read: (request: PageRequest) => Promise<Page<number>>, limit: number) {
  const pages: (readonly number[])[] = [];
  let after: string | null = null;
  do {
    const page: Page<number> = await read({ after, limit });
    pages.push(page.data);
    after = page.next;
  } while (after !== null);
  return pages;
}

describe("a page of several shards", () => {
  it("has a cursor that its own list takes, of the most shards and with the longest ids", () => {
    const number = "9".repeat(15);
    const place = `${number}-${number}.${"e".repeat(64)}`;
    const cursor = joinPlaces(Array.from({ length: SHARDS_MAX }, () => place));
    expect(pageQuery.after.parse(cursor)).toBe(cursor);
  });

  it.each([1, 2, 3, 5, 100])("has all of each in the order of all, %s at a time", async (limit) => {
    const lists = [listOf([9, 7, 3]), listOf([8, 7, 2, 1]), listOf([])];
    const pages = await readAll((request) => mergedPage(lists, "newest", request), limit);
    expect(pages.flat()).toEqual([9, 8, 7, 7, 3, 2, 1]);
    expect(Math.max(...pages.map((page) => page.length))).toBeLessThanOrEqual(limit);
  });

  it("is in order also the other way round", async () => {
    const lists = [listOf([3, 7, 9]), listOf([1, 2, 7, 8])];
    const pages = await readAll((request) => mergedPage(lists, "oldest", request), 2);
    expect(pages.flat()).toEqual([1, 2, 3, 7, 7, 8, 9]);
  });

  it("holds back what comes behind a shard that has looked at as much as it may", async () => {
    const lists = [listOf([19, 17, 15, 13, 4], { looks: 2, onlyEven: true }), listOf([18, 16, 2])];
    const pages = await readAll((request) => mergedPage(lists, "newest", request), 10);
    expect(pages.flat()).toEqual([18, 16, 4, 2]);
    expect(pages[0]).toEqual([18]);
  });

  it("goes on where it was in each: one that is late with what is older is not passed over", async () => {
    const late: number[] = [];
    const lists = [listOf([5, 6]), (request: PageRequest) => listOf(late)(request)];
    const { data, next } = await mergedPage([listOf([5, 6, 9]), listOf([])], "oldest", {
      after: null,
      limit: 2,
    });
    expect(data).toEqual([5, 6]);
    late.push(4);
    expect((await mergedPage(lists, "oldest", { after: next, limit: 2 })).data).toEqual([4]);
  });

  it("shows nothing newer than the page before, also of a shard that had nothing until then", async () => {
    const empty: number[] = [];
    const lists = [listOf([9, 7, 3]), (request: PageRequest) => listOf(empty)(request), listOf([8])];
    const { next } = await mergedPage(lists, "newest", { after: null, limit: 2 });
    empty.push(10);
    const last = await mergedPage(lists, "newest", { after: next, limit: 10 });
    expect(last).toEqual({ data: [7, 3], next: null });
  });

  it.each(["5-0", "5-0~6-0~7-0", "~~"])("does not take the place %j of as many others", async (after) => {
    await expect(mergedPage([listOf([5]), listOf([6])], "newest", { after, limit: 2 })).rejects.toMatchObject(
      { code: "CURSOR_INVALID" },
    );
  });
});

describe("a question about several events", () => {
  it("is answered in their order, by the shard of each, also where the answer is none", async () => {
    const shards = shardsOf(["even", "odd"], (id) => Number(id) % 2);
    const asked: string[] = [];
    const answers = await askShards(
      shards,
      ["1", "2", "3"].map(asEventId),
      (id) => id,
      async (shard, ids) => {
        asked.push(`${shard}: ${ids.join()}`);
        return ids.map((id) => (id === "3" ? null : `${shard} ${id}`));
      },
    );
    expect(answers).toEqual(["odd 1", "even 2", null]);
    expect(asked.sort()).toEqual(["even: 2", "odd: 1,3"]);
  });
});
