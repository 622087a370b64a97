/** Reads which dead letters a command is about. */
import { asEndpointId } from "../core/brand.ts";
import { ENDPOINT_ID_PATTERN } from "../core/endpoint.ts";
import { isSubscription } from "../core/event.ts";
import type { LetterFilter } from "../core/letter.ts";
import { BURY_REASONS } from "../core/verdict.ts";
import { type Invocation, usage } from "./command-line.ts";
import { choice, timeMs } from "./values.ts";

const FILTER_OPTIONS = ["endpoint", "type", "reason", "since", "until"] as const;

/** Throws USAGE. */
export function letterFilter(asked: Invocation): LetterFilter {
  const endpoint = matching(asked, "endpoint", (text) => ENDPOINT_ID_PATTERN.test(text), "an endpoint's id");
  return {
    endpoint: endpoint === undefined ? undefined : asEndpointId(endpoint),
    type: matching(asked, "type", isSubscription, "a type, or a family such as job.*"),
    reason: choice(asked, "reason", BURY_REASONS),
    since: timeMs(asked, "since"),
    until: timeMs(asked, "until"),
  };
}

export const hasLetterFilter = (asked: Invocation): boolean =>
  FILTER_OPTIONS.some((option) => asked.one(option) !== undefined);

function matching(
  asked: Invocation,
  option: string,
  isRight: (text: string) => boolean,
  expected: string,
): string | undefined {
  const text = asked.one(option);
  if (text === undefined || isRight(text)) return text;
  throw usage(`--${option} with ${expected}`, JSON.stringify(text));
}
