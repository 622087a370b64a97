import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ONE_OF_EACH } from "../unit/observe/happenings.ts";

const page = readFileSync(new URL("../../docs/observability.md", import.meta.url), "utf8");

/** The rows of the table below a heading, as trimmed cells. */
function tableBelow(heading: string): readonly (readonly string[])[] {
  const section = page.split(`${heading}\n`)[1]?.split(/^#/m)[0] ?? "";
  const rows = section.split("\n").filter((line) => line.startsWith("| "));
  return rows.slice(2).map((row) =>
    row
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

const code = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(", ");

describe("docs/observability.md", () => {
  it("lists every happening with the fields its log line has", () => {
    const rows = Object.values(ONE_OF_EACH).map(({ kind, ...fields }) => [
      `\`${kind}\``,
      kind === "attempt.finished" ? "see below" : code(Object.keys(fields)),
    ]);
    expect(tableBelow("## The log").map(([name, , fields]) => [name, fields])).toEqual(rows);
  });

  it("lists the fields of an attempt in the order of its log line", () => {
    const { record } = ONE_OF_EACH["attempt.finished"];
    const fields = [...Object.keys(record), "latencyMs", "firstDelayMs"].map((field) => `\`${field}\``);
    expect(tableBelow("### Fields of `attempt.finished`").map(([field]) => field)).toEqual(fields);
  });
});
