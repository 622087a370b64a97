import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { diffOf } from "../../../src/console/line-diff.ts";
import { casesOf } from "../../support/depth.ts";

const RUNS = { seed: 15, numRuns: casesOf(500) };

/** Of few different lines, so that many are in both. */
const text = fc
  .array(fc.constantFrom("", "{", "}", '  "a": 1', '  "b": 2'), { maxLength: 12 })
  .map((all) => all.join("\n"));

const side = (runs: ReturnType<typeof diffOf>, other: "added" | "removed"): string =>
  runs
    .filter(({ kind }) => kind !== other)
    .flatMap(({ lines }) => lines)
    .join("\n");

/** By trying everything. */
function commonest(a: readonly string[], b: readonly string[]): number {
  const [first, ...rest] = a;
  if (first === undefined || b.length === 0) return 0;
  const at = b.indexOf(first);
  const without = commonest(rest, b);
  return at === -1 ? without : Math.max(without, 1 + commonest(rest, b.slice(at + 1)));
}

describe("the difference of two texts", () => {
  it("holds both of them", () => {
    fc.assert(
      fc.property(text, text, (before, after) => {
        const runs = diffOf(before, after);
        expect(side(runs, "added")).toBe(before);
        expect(side(runs, "removed")).toBe(after);
      }),
      RUNS,
    );
  });

  it("has as many lines in common as can be", () => {
    fc.assert(
      fc.property(text, text, (before, after) => {
        const same = diffOf(before, after).flatMap(({ kind, lines }) => (kind === "same" ? lines : []));
        expect(same).toHaveLength(commonest(before.split("\n"), after.split("\n")));
      }),
      RUNS,
    );
  });

  it("is told whole where the texts are too long and too different", () => {
    const lines = (of: string) => Array.from({ length: 50_000 }, (_, nth) => `${of} ${nth}`);
    const [before, after] = [["{", ...lines("a"), "}"].join("\n"), ["{", ...lines("b"), "}"].join("\n")];
    const runs = diffOf(before, after);
    expect(runs.map(({ kind, lines: all }) => [kind, all.length])).toEqual([
      ["same", 1],
      ["removed", 50_000],
      ["added", 50_000],
      ["same", 1],
    ]);
  });

  it("is found in long texts that differ little", () => {
    const lines = Array.from({ length: 50_000 }, (_, nth) => String(nth));
    const other = lines.with(25_000, "else").toSpliced(25_010, 1);
    expect(
      diffOf(lines.join("\n"), other.join("\n")).map(({ kind, lines: all }) => [kind, all.length]),
    ).toEqual([
      ["same", 25_000],
      ["removed", 1],
      ["added", 1],
      ["same", 9],
      ["removed", 1],
      ["same", 24_989],
    ]);
  });
});
