/** Row 27 of the fault matrix, in part: `npm run chaos` kills at every write, which takes four minutes. */
import { describe, expect, it } from "vitest";
import { runRow } from "./harness/run-row.ts";
import { killedAtEachWrite } from "./rows/27-killed-at-each-write.ts";

/** Of the writes at which row 27 kills. */
const EVERY_NTH = 40;

describe("a worker killed with kill -9 at any line", () => {
  it("loses no accepted event", async () => {
    const report = await runRow(killedAtEachWrite(EVERY_NTH), { seed: Date.now() % 1_000 });
    expect(report).toMatchObject({ failure: null, lost: [] });
    expect(report.checks.filter(({ kept }) => !kept)).toEqual([]);
    expect(report.kept).toBe(true);
  }, 120_000);
});
