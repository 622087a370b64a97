/**
 * The name that was most likely meant, for everyone who refuses a name: of a variable, a command, an option. It
 * knows no names itself, so that nothing is loaded with it.
 */

/**
 * The known name that was most likely meant: one that begins so, else one that a slip or two in six letters makes of it.
 * Undefined where none is near: a guess that is far off sends people the wrong way.
 */
export function nearest(given: string, known: readonly string[]): string | undefined {
  const begun = known.find((name) => given.length >= BEGINNING_MIN && name.startsWith(given));
  if (begun !== undefined) return begun;
  const near = known
    .map((name) => ({ name, distance: editDistance(given, name) }))
    .filter(({ name, distance }) => distance <= name.length / LETTERS_PER_SLIP);
  return near.toSorted((one, other) => one.distance - other.distance)[0]?.name;
}

const BEGINNING_MIN = 2;
const LETTERS_PER_SLIP = 3;

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
