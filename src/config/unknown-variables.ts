/**
 * Variables that look like settings of ours but are not: typing errors. They are warned about, never silently ignored
 * and never a reason not to start.
 */
import { nearest } from "./nearest.ts";
import { type Environment, SETTINGS } from "./settings.ts";

const OURS = /^(?:(?:WEBHOOK|HOOKWAVE|REDIS_FALLBACK|REDIS_TLS|LEGACY_REDIS|OUTBOUND)_|ENABLE_REDIS)/;

/** One warning per variable, by name only: an unknown variable's value may be a secret. */
export function unknownVariables(env: Environment): readonly string[] {
  const known = SETTINGS.map(({ variable }) => variable);
  const set = Object.keys(env).filter((variable) => env[variable]?.trim() && !known.includes(variable));
  return set.sort().flatMap((variable) => warningFor(variable, known));
}

function warningFor(variable: string, known: readonly string[]): readonly string[] {
  if (!OURS.test(variable)) return [];
  const meant = nearest(variable, known);
  const question = meant === undefined ? "" : `; did you mean ${meant}?`;
  return [`${variable} is ignored: no setting has this name${question}`];
}
