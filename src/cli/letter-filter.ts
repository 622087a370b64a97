/** Reads which dead letters a command is about. */
import { endpointId } from "../api/routing.ts";
import { form } from "../config/forms.ts";
import { isSubscription } from "../core/event.ts";
import type { LetterFilter } from "../core/letter.ts";
import { BURY_REASONS } from "../core/verdict.ts";
import type { Invocation } from "./command-line.ts";
import { letterFilter as filterOptions } from "./options.ts";
import { choice, readOption, timeMs } from "./values.ts";

const TYPE = form("a type, or a family such as job.*", (text) => (isSubscription(text) ? text : null));
const TIME = form("a time such as 2026-01-31T12:00:00Z", timeMs);

/** Throws USAGE. */
export function letterFilter(asked: Invocation): LetterFilter {
  return {
    endpoint: readOption(asked, "endpoint", { expected: "an endpoint's id", schema: endpointId }),
    type: readOption(asked, "type", TYPE),
    reason: choice(asked, "reason", BURY_REASONS),
    since: readOption(asked, "since", TIME),
    until: readOption(asked, "until", TIME),
  };
}

export const hasLetterFilter = (asked: Invocation): boolean =>
  filterOptions.some(({ name }) => asked.has(name));
