/** Values of options that are more than text: read, or refused as a usage error that says what may be written. */

import { type Form, form } from "../config/forms.ts";
import { nearest } from "../config/nearest.ts";
import { parseDurationMs } from "../core/duration.ts";
import { TIMESTAMP_PATTERN } from "../core/event.ts";
import { type Invocation, usage } from "./command-line.ts";

/** In ms. */
export const DURATION = form("durations such as 15s, 2m or 24h", parseDurationMs);

/** Undefined when the option is not given. */
export function readOption<Value>(asked: Invocation, option: string, form: Form<Value>): Value | undefined {
  const text = asked.one(option);
  return text === undefined ? undefined : readText(text, option, form);
}

/** One of the values of an option. */
export function readText<Value>(text: string, option: string, { expected, schema }: Form<Value>): Value {
  const read = schema.safeParse(text);
  if (read.success) return read.data;
  throw usage(`--${option} with ${expected}`, JSON.stringify(text));
}

/** Undefined when the option is not given. */
export function choice<const Name extends string>(
  asked: Invocation,
  option: string,
  names: readonly Name[],
): Name | undefined {
  const text = asked.one(option);
  return text === undefined ? undefined : readChoice(text, option, names);
}

/** One of the values of an option; what is none of them is told the nearest. */
export function readChoice<Name extends string>(text: string, option: string, names: readonly Name[]): Name {
  const chosen = names.find((name) => name === text);
  if (chosen !== undefined) return chosen;
  throw usage(`--${option} with one of ${names.join(", ")}`, JSON.stringify(text), nearest(text, names));
}

/** Epoch ms of a time as RFC 3339 writes it; null for any other text. */
export function timeMs(text: string): number | null {
  const value = TIMESTAMP_PATTERN.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(value) ? null : value;
}
