/**
 * Text for people in parts: lines, and tables, which are laid out only when it is known where they are shown. On a
 * terminal a table folds between words to fit the width, and becomes a record for each row where that is not enough; no
 * word is ever broken or cut, so that ids can be copied. Anywhere else each row is one line, however long.
 */
import { alignRows, fold, INDENT, widthOf } from "./rows.ts";
import type { Hue, Look } from "./terminal.ts";

export type Cell = string | { readonly text: string; readonly hue: Hue };
type Row = readonly Cell[];

export interface Table {
  /** The names of the columns, where they need any. */
  readonly head?: readonly string[];
  readonly rows: readonly Row[];
  /** Columns that are flush right. */
  readonly rightAligned?: readonly number[];
}

/** Parts stand below each other; an empty line is a part, too. */
export type Shown = string | readonly (Cell | Table)[];

export function layOut(shown: Shown, look: Look): string {
  if (typeof shown === "string") return shown;
  return shown
    .map((part) =>
      typeof part === "object" && "rows" in part ? tableText(part, look) : painted(part, textOf(part), look),
    )
    .join("\n");
}

function tableText({ head, rows, rightAligned }: Table, look: Look): string {
  const heading = head?.map((text) => ({ text, hue: "dim" as const }));
  const all = heading === undefined ? rows : [heading, ...rows];
  const { isFitting, widths } = fittingWidths(all, look.columns);
  if (heading !== undefined && !isFitting)
    return rows.map((row) => tableText({ rows: recordOf(heading, row) }, look)).join("\n\n");
  return alignRows(
    all.flatMap((row) => foldRow(row, widths, look)),
    rightAligned,
  );
}

const recordOf = (heading: Row, row: Row): readonly Row[] =>
  row.map((cell, column) => [heading[column] ?? "", cell]);

/** The widest columns become narrower, down to their longest word. */
function fittingWidths(rows: readonly Row[], columns: number | null) {
  const widths = widest(rows, (text) => text.split("\n"));
  const narrowest = widest(rows, (text) => text.split(/\s/));
  const room = (columns ?? Number.POSITIVE_INFINITY) - INDENT.length * widths.length;
  let surplus = widths.reduce((sum, width) => sum + width, 0) - room;
  for (; surplus > 0; surplus -= 1) {
    const spare = widths.map((width, column) => (width > (narrowest[column] ?? 0) ? width : 0));
    const most = Math.max(...spare);
    if (most === 0) break;
    widths[spare.indexOf(most)] = most - 1;
  }
  return { isFitting: surplus <= 0, widths };
}

/** The width of each column's widest piece. */
function widest(rows: readonly Row[], pieces: (text: string) => readonly string[]): number[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  return Array.from({ length: columns }, (_, column) =>
    Math.max(0, ...rows.flatMap((row) => pieces(textOf(row[column] ?? "")).map(widthOf))),
  );
}

const textOf = (cell: Cell): string => (typeof cell === "string" ? cell : cell.text);

/** The lines of a row; each is coloured for itself, so that no colour runs into the next column. */
function foldRow(row: Row, widths: readonly number[], look: Look): readonly (readonly string[])[] {
  const folded = row.map((cell, column) => fold(textOf(cell), widths[column] ?? 0));
  const height = Math.max(...folded.map((lines) => lines.length));
  return Array.from({ length: height }, (_, line) =>
    row.map((cell, column) => painted(cell, folded[column]?.[line] ?? "", look)),
  );
}

/** A text of the cell, in its colour. */
const painted = (cell: Cell, text: string, { style }: Look): string =>
  typeof cell === "string" || text === "" ? text : style(cell.hue, text);
