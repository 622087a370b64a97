/** Exit codes: what a process that has ended says (sysexits.h where it has a word for it); docs/cli.md lists them. */
import { type ErrorCode, HookwaveError } from "../core/errors.ts";

export const EXIT = {
  ok: 0,
  /** It failed; of the doctor, that there are warnings. */
  failure: 1,
  /** The question was answered, and the answer is no: a report that is not safe, a witness that found a difference, a doctor that found something broken. */
  unsafe: 2,
  usage: 64,
  configuration: 78,
} as const;

/** Errors that only a change of the surroundings can mend: a supervisor should not start again. */
const CONFIGURATION_CODES: readonly ErrorCode[] = [
  "CONFIG_INVALID",
  "REDIS_UNSAFE",
  "DATA_NEWER",
  "SHARDS_MISMATCH",
  "REDIS_MISSING",
  "SECRET_UNREADABLE",
  "BRIDGE_LOOP",
];

export function exitCodeOf(error: unknown): number {
  if (!(error instanceof HookwaveError)) return EXIT.failure;
  if (error.code === "USAGE") return EXIT.usage;
  return CONFIGURATION_CODES.includes(error.code) ? EXIT.configuration : EXIT.failure;
}
