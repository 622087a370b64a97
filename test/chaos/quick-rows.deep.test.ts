/** The rows of the fault matrix that take seconds and measure none; `npm run chaos` plays all of them. */
import { describe, expect, it } from "vitest";
import { runRow } from "./harness/run-row.ts";
import { matrix } from "./matrix.ts";

const QUICK: ReadonlySet<number> = new Set([6, 7, 12, 15, 22]);

describe("the fault matrix keeps its promises", () => {
  it.each(matrix(0).filter(({ number }) => QUICK.has(number)))("row $number: $fault", async (row) => {
    const report = await runRow(row, { seed: 1 });
    expect(report).toMatchObject({ failure: null, lost: [] });
    expect(report.checks.filter(({ kept }) => !kept)).toEqual([]);
    expect(report.kept).toBe(true);
  });
});
