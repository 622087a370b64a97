/** The doctor's findings for people: a line each, ✓, ! or ✗, with what was seen, and below it what to do. */

import { SIGNS } from "../core/signs.ts";
import { type Finding, LEVELS, type Level } from "../manage/doctor/finding.ts";
import { printable } from "./printable.ts";
import { pad } from "./rows.ts";
import { HUES } from "./state-hues.ts";
import type { Style } from "./terminal.ts";

/** As a service of another version may have more of them. */
export type ShownFinding = Omit<Finding, "check"> & { readonly check: string };

const LINE_MAX = 1_000;
/** More receivers than that which are well are only counted. */
const WELL_MAX = 20;

/** `from` is where they were seen from. */
export function findingsText(findings: readonly ShownFinding[], from: string, style: Style): string {
  const shown = withoutMany(findings);
  const width = Math.max(...shown.map(({ check }) => check.length));
  const lines = shown.flatMap(({ check, level, seen, remedy }) => {
    const line = `${style(HUES[level], SIGNS[level])} ${pad(check, width)}  ${printable(seen, LINE_MAX)}`;
    return remedy === null
      ? [line]
      : [line, `${" ".repeat(width + 4)}${style("dim", `→ ${printable(remedy, LINE_MAX)}`)}`];
  });
  const left = findings.length - shown.length;
  return [
    ...lines,
    ...(left === 0 ? [] : [`  and ${left} receivers more that are well: --json shows them`]),
    "",
    `${LEVELS.toReversed()
      .map((level) => countOf(findings, level))
      .join(", ")}; seen from ${from}`,
  ].join("\n");
}

function withoutMany(findings: readonly ShownFinding[]): readonly ShownFinding[] {
  const isWell = ({ check, level }: ShownFinding): boolean => check === "endpoint" && level === "ok";
  const well = findings.filter(isWell);
  if (well.length <= WELL_MAX) return findings;
  const rest = new Set(well.slice(WELL_MAX));
  return findings.filter((one) => !rest.has(one));
}

function countOf(findings: readonly ShownFinding[], wanted: Level): string {
  const count = findings.filter(({ level }) => level === wanted).length;
  return `${count} ${wanted}${wanted === "warning" && count !== 1 ? "s" : ""}`;
}
