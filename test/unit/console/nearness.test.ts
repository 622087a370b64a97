import { describe, expect, it } from "vitest";
import { heightsOf, nearTo, nextDrawn, placesOf } from "../../../src/console/nearness.ts";

const group = (rows: number) => Array.from({ length: rows }, (_, n) => n);
const HEIGHTS = Array.from({ length: 500 }, () => 600);

describe("groups of a long list", () => {
  it("are near as far as 1,200 px from what is seen, however many there are", () => {
    expect(nearTo(HEIGHTS, 0, 800)).toEqual([0, 1, 2, 3]);
    expect(nearTo(HEIGHTS, 150_100, 150_900)).toEqual([248, 249, 250, 251, 252, 253]);
    expect(nearTo(HEIGHTS, 299_200, 300_000)).toEqual([496, 497, 498, 499]);
    expect(nearTo([], 0, 800)).toEqual([]);
  });

  it("are drawn two in each turn, from the middle outwards, until all are that are near", () => {
    const near = [10, 11, 12, 13, 14];
    expect(nextDrawn(near, [0, 1])).toEqual([11, 12]);
    expect(nextDrawn(near, [11, 12])).toEqual([10, 11, 12, 13]);
    expect(nextDrawn(near, [10, 11, 12, 13])).toEqual(near);
    expect(nextDrawn(near, near)).toEqual(near);
  });

  it("that are not drawn are one place between those that are", () => {
    expect(placesOf(HEIGHTS, [0, 251, 250])).toEqual([
      { drawn: 0, heightPx: 600, end: 1 },
      { drawn: null, heightPx: 249 * 600, end: 250 },
      { drawn: 250, heightPx: 600, end: 251 },
      { drawn: 251, heightPx: 600, end: 252 },
      { drawn: null, heightPx: 248 * 600, end: 500 },
    ]);
    expect(placesOf([600, 300], [7])).toEqual([{ drawn: null, heightPx: 900, end: 2 }]);
  });

  it("are as high as they were, and of those that never were drawn each row is as high as a mean one", () => {
    const [short, long, never] = [group(10), group(20), group(5)];
    const known = new WeakMap([
      [short, 400],
      [long, 500],
    ]);
    expect(heightsOf([short, long, never], known)).toEqual([400, 500, 150]);
    expect(heightsOf([never], known)).toEqual([0]);
  });
});
