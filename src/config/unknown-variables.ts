/**
 * Variables that look like settings of ours but are not: typing errors, and settings of the migration feature,
 * which this version does not have. They are warned about, never silently ignored and never a reason not to start.
 */
import { type Environment, SETTINGS } from "./settings.ts";

const OURS = /^(?:WEBHOOK|HOOKWAVE)_/;
const MIGRATION = /^(?:ENABLE_REDIS_FALLBACK|REDIS_FALLBACK_MODE|LEGACY_REDIS_.*)$/;

/** One warning per variable, by name only: an unknown variable's value may be a secret. */
export function unknownVariables(env: Environment): readonly string[] {
  const known = SETTINGS.map(({ variable }) => variable);
  const set = Object.keys(env).filter((variable) => env[variable]?.trim() && !known.includes(variable));
  return set.sort().flatMap((variable) => warningFor(variable, known));
}

function warningFor(variable: string, known: readonly string[]): readonly string[] {
  if (MIGRATION.test(variable))
    return [
      `${variable} is ignored: migrating from Redis pub/sub is not in this version; only webhooks are sent`,
    ];
  if (OURS.test(variable))
    return [`${variable} is ignored: no setting has this name; did you mean ${nearest(variable, known)}?`];
  return [];
}

/** The known name that was most likely meant. */
export function nearest(variable: string, known: readonly string[]): string {
  const byDistance = known.map((name) => ({ name, distance: editDistance(variable, name) }));
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
