/** Text in columns. Widths are counted in cells of a terminal, without colours: a wide character has two. */
import { stripVTControlCharacters } from "node:util";
import { eastAsianWidth } from "get-east-asian-width";

const GAP = "  ";
/** At the begin of each row, and as wide as the gap between columns. */
export const INDENT = GAP;

/** One line per row, indented, cells padded to their column; columns named in `rightAligned` are flush right. */
export function alignRows(
  rows: readonly (readonly string[])[],
  rightAligned: readonly number[] = [],
): string {
  const widths = columnWidths(rows);
  const line = (row: readonly string[]): string =>
    row.map((cell, column) => pad(cell, widths[column] ?? 0, rightAligned.includes(column))).join(GAP);
  return rows.map((row) => `${INDENT}${line(row)}`.trimEnd()).join("\n");
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

/** `string-width` knows more of emoji, and costs every command 40 ms of CPU before it has said a word. */
export function widthOf(text: string): number {
  const plain = stripVTControlCharacters(text);
  if (/^[ -~]*$/.test(plain)) return plain.length;
  return Array.from(segmenter.segment(plain), ({ segment }) => cellsOf(segment)).reduce(
    (sum, one) => sum + one,
    0,
  );
}

const segmenter = new Intl.Segmenter();

/** Of what a reader takes for one character. */
function cellsOf(character: string): number {
  if (/^[\p{Control}\p{Format}\p{Mark}]+$/u.test(character)) return 0;
  if (/\p{Emoji_Presentation}|\uFE0F/u.test(character)) return 2;
  return eastAsianWidth(character.codePointAt(0) ?? 0);
}

/** Lines no wider than that, broken at white space only: a word that is wider stays whole. */
export function fold(text: string, width: number): readonly string[] {
  return text.split("\n").flatMap((line) => (widthOf(line) <= width ? [line] : foldLine(line, width)));
}

function foldLine(line: string, width: number): readonly string[] {
  const [first = "", ...words] = line.split(/\s+/);
  const done: string[] = [];
  let open = first;
  for (const word of words) {
    const longer = `${open} ${word}`;
    if (widthOf(longer) > width) done.push(open);
    open = widthOf(longer) > width ? word : longer;
  }
  return [...done, open];
}
