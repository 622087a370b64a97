/** Tables on a terminal: they fit its width, lose nothing, and are coloured by what a state means. */
import { stripVTControlCharacters, styleText } from "node:util";
import { describe, expect, it } from "vitest";
import { widthOf } from "../../../src/cli/rows.ts";
import { stateCell } from "../../../src/cli/state-hues.ts";
import { layOut, type Table } from "../../../src/cli/table.ts";
import type { Look } from "../../../src/cli/terminal.ts";

const plain = (columns: number | null): Look => ({ style: (_, text) => text, columns });
const coloured: Look = {
  style: (hue, text) => styleText(hue, text, { validateStream: false }),
  columns: 40,
};

const WHY: Table = {
  head: ["ENDPOINT", "STATE", "BECAUSE"],
  rows: [
    ["acme", stateCell("retrying"), "HTTP 503 at attempt 2; next attempt in 12 s"],
    ["globex", stateCell("delivered"), "HTTP 200 at attempt 1"],
  ],
};

describe("a table", () => {
  it("has one line for each row where nothing need fit", () => {
    expect(layOut([WHY], plain(null))).toBe(`  ENDPOINT  STATE      BECAUSE
  acme      retrying   HTTP 503 at attempt 2; next attempt in 12 s
  globex    delivered  HTTP 200 at attempt 1`);
  });

  it("folds its widest column between words to fit a terminal", () => {
    expect(layOut([WHY], plain(46))).toBe(`  ENDPOINT  STATE      BECAUSE
  acme      retrying   HTTP 503 at attempt 2;
                       next attempt in 12 s
  globex    delivered  HTTP 200 at attempt 1`);
  });

  it("becomes a record for each row where folding is not enough", () => {
    const table = {
      head: ["ID", "EVENTS"],
      rows: [
        ["evt_0123456789", "a.b"],
        ["evt_2", "c is long"],
      ],
    };
    expect(layOut([table], plain(18))).toBe(`  ID      evt_0123456789
  EVENTS  a.b

  ID      evt_2
  EVENTS  c is
          long`);
  });

  it.each([200, 80, 46, 30, 12])("loses no word at %i columns", (columns) => {
    const words = (text: string): readonly string[] => text.split(/\s+/).filter(Boolean);
    const shown = layOut([WHY], plain(columns));
    expect(words(layOut([WHY], plain(null))).filter((word) => !words(shown).includes(word))).toEqual([]);
    // Narrower than a label and the longest word nothing fits.
    const widest = Math.max(...shown.split("\n").map(widthOf));
    expect(widest).toBeLessThanOrEqual(Math.max(columns, "  ENDPOINT  delivered".length));
  });

  it("counts the cells of a terminal: two for a wide character, none for a mark on one", () => {
    const rows = [
      ["東京", "x"],
      ["e\u0301a", "y"],
      ["👩‍👩‍👧", "z"],
    ];
    expect(layOut([{ rows }], plain(null))).toBe("  東京  x\n  e\u0301a    y\n  👩‍👩‍👧    z");
  });

  it("colours each line of a cell for itself, and its heads dim", () => {
    const rows = [[stateCell("failing", "failing for 12 min (HTTP 503), breaker open"), "x"]];
    const lines = layOut([{ head: ["STATE", "ID"], rows }], coloured).split("\n");
    expect(lines).toHaveLength(3);
    expect(lines[0]).toContain(coloured.style("dim", "STATE"));
    const [first = "", second = ""] = ["failing for 12 min (HTTP 503),", "breaker open"];
    expect(lines[1]).toContain(coloured.style("red", first));
    expect(lines[2]).toContain(coloured.style("red", second));
    expect(stripVTControlCharacters(lines[1] ?? "")).toMatch(/^ {2}failing for 12 min \(HTTP 503\), +x$/);
  });
});
