/**
 * Payloads: event data, and what receivers answered. An installation may keep them from whoever is no admin; the rule is
 * the API's, whether a person at the console asks or a program, or it would protect nothing. An answer that lacks them
 * says so, since `null` may be what was published.
 */
import { z } from "zod";
import { type Caller, isAllowed } from "../core/access.ts";
import type { ApiSettings } from "./ports.ts";

export function hidesPayloads(
  { consoleHidePayloads }: Pick<ApiSettings, "consoleHidePayloads">,
  caller: Caller | null,
): boolean {
  return consoleHidePayloads && (caller === null || !isAllowed(caller, "admin"));
}

/** In the schema of whatever may lack its payloads. */
export const hiddenMark = {
  payload_hidden: z
    .literal(true)
    .optional()
    .describe(
      "The payload is there, and only shown to admins (CONSOLE_HIDE_PAYLOADS): data is null, an excerpt null or empty, a callback's body empty, the bus' part absent.",
    ),
};
export const HIDDEN = { payload_hidden: true } as const;

/** JSON text, as data is until it is written. */
const NOTHING = "null";

export function withoutData<Event extends { readonly data: unknown; readonly legacy?: unknown }>({
  data: _hidden,
  legacy: _bus,
  ...rest
}: Event) {
  return { ...rest, data: NOTHING, ...HIDDEN };
}

/** Of a delivery or a dead letter. */
export function withoutExcerpts<
  Attempt extends { readonly response_excerpt: string | null },
  Shown extends { readonly attempts: readonly Attempt[] },
>(shown: Shown) {
  const attempts = shown.attempts.map((attempt) => ({ ...attempt, response_excerpt: null }));
  return { ...shown, attempts, ...HIDDEN };
}

export const withoutExcerpt = <Row extends { readonly response_excerpt: string }>(row: Row) => ({
  ...row,
  response_excerpt: "",
  ...HIDDEN,
});
