import { styleText } from "node:util";
import { describe, expect, it } from "vitest";
import { alignRows } from "../../../src/cli/rows.ts";

describe("rows", () => {
  it("are aligned by what is seen, not by the colours' bytes", () => {
    const red = styleText("red", "ab", { validateStream: false });
    const [first = "", second = ""] = alignRows([
      [red, "x"],
      ["abcd", "y"],
    ]).split("\n");
    expect(first).toBe(`  ${red}    x`);
    expect(second).toBe("  abcd  y");
  });

  it("put numbers flush right and end without spaces", () => {
    expect(alignRows([["a", "7"], ["b", "12"], ["c"]], [1])).toBe("  a   7\n  b  12\n  c");
  });
});
