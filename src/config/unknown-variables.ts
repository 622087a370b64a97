/**
 * Variables that look like settings of ours but are not: typing errors, and settings of the migration feature,
 * which this version does not have. They are warned about, never silently ignored and never a reason not to start.
 */
import { nearest } from "./nearest.ts";
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
