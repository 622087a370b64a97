/** The rehearsal of the migration by three seeds; `npm run chaos` plays rows 37 and 38 besides. */
import { describe, expect, it } from "vitest";
import { runRow } from "./harness/run-row.ts";
import { rehearsal } from "./rows/39-rehearsal.ts";

describe("the rehearsal of the migration keeps both sides' promises", () => {
  it.each([1, 2, 3])("by seed %i", { timeout: 180_000 }, async (seed) => {
    const report = await runRow(rehearsal, { seed });
    expect(report).toMatchObject({ failure: null, lost: [] });
    expect(report.checks.filter(({ kept }) => !kept)).toEqual([]);
    expect(report.kept).toBe(true);
  });
});
