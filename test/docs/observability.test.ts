import { readFileSync } from "node:fs";
import { Registry } from "prom-client";
import { describe, expect, it } from "vitest";
import { createInstruments } from "../../src/observe/instruments.ts";
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
  it("lists every metric with its type, labels and help, and no other", async () => {
    const registry = new Registry();
    createInstruments(registry);
    const metrics = await registry.getMetricsAsJSON();
    const rows = metrics.map(({ name, type, values, help }) => {
      const labels = new Set(values.flatMap((value) => Object.keys(value.labels)));
      labels.delete("le");
      return [`\`${name}\``, type, code([...labels]), help];
    });
    expect(tableBelow("## Metrics")).toEqual(rows);
  });

  it("lists every happening with the fields its log line has", () => {
    const rows = Object.values(ONE_OF_EACH).map(({ kind, ...fields }) => [
      `\`${kind}\``,
      kind === "attempt.finished" ? "see below" : code(Object.keys(fields)),
    ]);
    expect(tableBelow("## The log").map(([name, , fields]) => [name, fields])).toEqual(rows);
  });

  it("lists the fields of an attempt in the order of its log line", () => {
    const { record } = ONE_OF_EACH["attempt.finished"];
    const fields = [...Object.keys(record), "latencyMs"].map((field) => `\`${field}\``);
    expect(tableBelow("### Fields of `attempt.finished`").map(([field]) => field)).toEqual(fields);
  });
});
