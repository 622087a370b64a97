/** The table that ends a run, one line for each row, and what broke below it. */
import { isRecovered, type RowReport } from "./row.ts";

const HEADS = ["row", "fault", "acked", "lost", "duplicates", "recovery", "promise kept", "seconds"] as const;

export function tableOf(reports: readonly RowReport[]): string {
  const cells = reports.map(cellsOf);
  const widths = HEADS.map((head, column) =>
    Math.max(head.length, ...cells.map((row) => row[column]?.length ?? 0)),
  );
  const lineOf = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [lineOf(HEADS), rule, ...cells.map(lineOf)].join("\n");
}

function cellsOf(report: RowReport): readonly string[] {
  const { recoveryMs, recoveryWithinMs } = report;
  const allowed = recoveryWithinMs === null ? "" : ` (≤ ${secondsOf(recoveryWithinMs)})`;
  return [
    String(report.number),
    report.fault,
    String(report.acknowledged),
    String(report.lost.length),
    `${report.duplicates} (≤ ${report.duplicatesAllowed})`,
    recoveryMs === null ? "–" : `${secondsOf(recoveryMs)}${allowed}`,
    `${report.kept ? "yes" : "NO"}${report.tries > 1 ? ", 2nd try" : ""}`,
    report.seconds.toFixed(0),
  ];
}

const secondsOf = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

const LOST_SHOWN = 5;

/** Every promise of a row's own, with what was found. */
export function promisesOf(report: RowReport): readonly string[] {
  const { lost, failure, duplicates, duplicatesAllowed, recoveryMs } = report;
  const shown = lost.slice(0, LOST_SHOWN).join(", ");
  return [
    ...report.checks.map(({ promise, kept, found }) => `${kept ? "kept  " : "BROKEN"} ${promise}: ${found}`),
    ...(lost.length > 0 ? [`BROKEN nothing is lost: ${lost.length} are, such as ${shown}`] : []),
    ...(duplicates > duplicatesAllowed
      ? [`BROKEN duplicates stay within what was in flight: ${duplicates}, of ${duplicatesAllowed}`]
      : []),
    ...(isRecovered(report)
      ? []
      : [`BROKEN it recovers in time: ${recoveryMs === null ? "never" : secondsOf(recoveryMs)}`]),
    ...(failure === null ? [] : [`BROKEN it runs to its end: ${failure}`]),
  ].map((line) => `  row ${report.number}: ${line}`);
}
