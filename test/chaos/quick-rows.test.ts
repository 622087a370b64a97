/** The rows of the fault matrix that take seconds and measure none; `npm run chaos` plays all of them. */
import { describe, expect, it } from "vitest";
import { runRow } from "./harness/run-row.ts";
import { matrix } from "./matrix.ts";
import { killedAtEachWrite } from "./rows/27-killed-at-each-write.ts";

/** Of the writes at which row 27 kills; all of them take two minutes. */
const EVERY_NTH = 9;

const QUICK: ReadonlySet<number> = new Set([6, 7, 12, 15, 22]);

describe("the fault matrix keeps its promises", () => {
  it.each(matrix(0).filter(({ number }) => QUICK.has(number)))("row $number: $fault", async (row) => {
    const report = await runRow(row, { seed: 1 });
    expect(report).toMatchObject({ failure: null, lost: [] });
    expect(report.checks.filter(({ kept }) => !kept)).toEqual([]);
    expect(report.kept).toBe(true);
  });
});

describe("a worker killed with kill -9 at any line", () => {
  it("loses no accepted event", async () => {
    const report = await runRow(killedAtEachWrite(EVERY_NTH), { seed: Date.now() % 1_000 });
    expect(report).toMatchObject({ failure: null, lost: [] });
    expect(report.checks.filter(({ kept }) => !kept)).toEqual([]);
    expect(report.kept).toBe(true);
  }, 120_000);
});
