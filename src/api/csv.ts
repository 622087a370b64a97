/**
 * Rows as CSV (RFC 4180), safe to be opened by a program that calculates: a text that it would take for a formula has an
 * apostrophe before it, which such a program leaves out and shows nothing of.
 */
export type Cell = string | number | null;

/** By their first character, in full width as well; OWASP, "CSV Injection". */
const FORMULA = /^[=+\-@＝＋－＠\t\r\n]/;
const NEEDS_QUOTES = /[",\r\n]/;

export const csvLine = (cells: readonly Cell[]): string => `${cells.map(textOf).join(",")}\r\n`;

function textOf(cell: Cell): string {
  if (cell === null) return "";
  if (typeof cell === "number") return String(cell);
  const safe = FORMULA.test(cell) ? `'${cell}` : cell;
  return NEEDS_QUOTES.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
