/**
 * The name that was most likely meant, for everyone who refuses a name: of a variable, a command, an option. It
 * knows no names itself, so that nothing is loaded with it.
 */

/** The known name that was most likely meant. */
export function nearest(given: string, known: readonly string[]): string {
  const byDistance = known.map((name) => ({ name, distance: editDistance(given, name) }));
  return byDistance.reduce((best, one) => (one.distance < best.distance ? one : best)).name;
}

/** Levenshtein: insertions, deletions and replacements that turn `from` into `to`. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let index = 0; index < from.length; index += 1) {
    const above = row;
    row = [index + 1];
    for (let column = 0; column < to.length; column += 1) {
      const replaced = (above[column] ?? 0) + (from[index] === to[column] ? 0 : 1);
      row.push(Math.min(replaced, (above[column + 1] ?? 0) + 1, (row[column] ?? 0) + 1));
    }
  }
  return row.at(-1) ?? 0;
}
