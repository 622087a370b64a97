/** Rows as CSV: read back by another reader they are what they were, and no program takes a cell for a formula. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { csvLine } from "../../../src/api/csv.ts";

/** A reader of RFC 4180 that shares nothing with the writer. */
function readLine(line: string): readonly string[] {
  const cells = [""];
  let isQuoted = false;
  for (let at = 0; at < line.length; at += 1) {
    const character = line[at] ?? "";
    if (character === '"' && isQuoted && line[at + 1] === '"') {
      cells.push(`${cells.pop()}"`);
      at += 1;
    } else if (character === '"') isQuoted = !isQuoted;
    else if (character === "," && !isQuoted) cells.push("");
    else cells.push(`${cells.pop()}${character}`);
  }
  return cells;
}

describe("a line of CSV", () => {
  it("has quotes only where they are needed, and nothing for null", () => {
    expect(csvLine(["a", 1.5, null, 'say "hi", all', "two\nlines"])).toBe(
      'a,1.5,,"say ""hi"", all","two\nlines"\r\n',
    );
  });

  it.each(["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\nx", "＝1+1", "＋1", "－1", "＠SUM(A1)"])(
    "has an apostrophe before %j",
    (text) => {
      expect(readLine(csvLine([text, "x"]).slice(0, -2))).toEqual([`'${text}`, "x"]);
    },
  );

  it("leaves a number that is negative alone", () => {
    expect(csvLine([-1])).toBe("-1\r\n");
  });

  it("is read back as it was, whatever is in it", () => {
    const texts = fc.array(fc.string(), { minLength: 2, maxLength: 5 });
    fc.assert(
      fc.property(texts, (cells) => {
        const expected = cells.map((one) => (/^[=+\-@＝＋－＠\t\r\n]/.test(one) ? `'${one}` : one));
        expect(readLine(csvLine(cells).slice(0, -2))).toEqual(expected);
      }),
    );
  });
});
