/** Text in columns. Widths are counted without colours, so that styled cells line up as well. */
import { stripVTControlCharacters } from "node:util";

const GAP = "  ";

/** One line per row, indented, cells padded to their column; columns named in `rightAligned` are flush right. */
export function alignRows(
  rows: readonly (readonly string[])[],
  rightAligned: readonly number[] = [],
): string {
  const widths = columnWidths(rows);
  const line = (row: readonly string[]): string =>
    row.map((cell, column) => pad(cell, widths[column] ?? 0, rightAligned.includes(column))).join(GAP);
  return rows.map((row) => `${GAP}${line(row)}`.trimEnd()).join("\n");
}

export function pad(cell: string, width: number, toTheRight = false): string {
  const space = " ".repeat(Math.max(0, width - widthOf(cell)));
  return toTheRight ? space + cell : cell + space;
}

function columnWidths(rows: readonly (readonly string[])[]): readonly number[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  return Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => widthOf(row[column] ?? ""))),
  );
}

const widthOf = (cell: string): number => stripVTControlCharacters(cell).length;

const STEPS: readonly (readonly [string, number, number])[] = [
  ["s", 1_000, 100_000],
  ["min", 60_000, 6_000_000],
  ["h", 3_600_000, 172_800_000],
];
const DAY_MS = 86_400_000;

/** A span of time for people: `0.4 s`, `62 s`, `12 min`, `30 h`, `5 d`. */
export function roughSpan(spanMs: number): string {
  if (spanMs < 10_000) return `${(spanMs / 1_000).toFixed(1)} s`;
  const step = STEPS.find(([, , belowMs]) => spanMs < belowMs);
  const [unit, unitMs] = step ?? ["d", DAY_MS];
  return `${Math.round(spanMs / unitMs)} ${unit}`;
}
