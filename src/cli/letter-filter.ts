/** Reads which dead letters a command is about. */
import { endpointId } from "../api/routing.ts";
import { wholeNumber } from "../config/forms.ts";
import type { LetterFilter } from "../core/letter.ts";
import { REPLAY_RATE } from "../core/replay.ts";
import { BURY_REASONS } from "../core/verdict.ts";
import type { Invocation } from "./command-line.ts";
import { letterFilter as filterOptions } from "./options.ts";
import { choice, MOMENT, readOption, TYPES } from "./values.ts";

/** Of a replay, in letters per second. */
export const RATE = wholeNumber(REPLAY_RATE.min, REPLAY_RATE.max);

/** Throws USAGE. */
export function letterFilter(asked: Invocation): LetterFilter {
  return {
    endpoint: readOption(asked, "endpoint", { expected: "an endpoint's id", schema: endpointId }),
    type: readOption(asked, "type", TYPES),
    reason: choice(asked, "reason", BURY_REASONS),
    since: readOption(asked, "since", MOMENT),
    until: readOption(asked, "until", MOMENT),
  };
}

export const hasLetterFilter = (asked: Invocation): boolean =>
  filterOptions.some(({ name }) => asked.has(name));
