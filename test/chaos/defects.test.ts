/** The defects that can be planted, as they are written; broken-on-purpose.deep.test.ts plants some. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { DEFECTS } from "./harness/defects.ts";

describe("every defect that can be planted", () => {
  it.each(Object.entries(DEFECTS))("%s finds the remedy that it takes out", (_name, changes) => {
    for (const { module, text } of changes) {
      const source = readFileSync(new URL(`../..${module}`, import.meta.url), "utf8");
      expect(source.split(text)).toHaveLength(2);
    }
  });

  it("is in the table of docs/reliability.md, in the same order", () => {
    const page = readFileSync(new URL("../../docs/reliability.md", import.meta.url), "utf8");
    const section = page.split("## Can it fail?\n")[1]?.split("\n## ")[0] ?? "";
    const named = [...section.matchAll(/^\| `([a-z-]+)` +\|/gm)].map(([, name]) => name);
    expect(named).toEqual(Object.keys(DEFECTS));
  });
});
