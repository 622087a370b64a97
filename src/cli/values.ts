/** Values of options that are more than text: read, or refused as a usage error that says what may be written. */

import { type Form, form } from "../config/forms.ts";
import { nearest } from "../config/nearest.ts";
import { system } from "../config/system.ts";
import { parseDurationMs } from "../core/duration.ts";
import { isSubscription, isTime } from "../core/event.ts";
import { type Invocation, usage } from "./command-line.ts";

/** In ms. */
export const DURATION = form("durations such as 15s, 2m or 24h", parseDurationMs);

/** Epoch ms. */
export const MOMENT = form(
  "a time such as 2026-01-31T12:00:00Z, or how long ago it was, such as 2h",
  momentMs,
);

export const TYPES = form("a type, or a family such as job.*", (text) =>
  isSubscription(text) ? text : null,
);

type Words<Value> = Pick<Form<Value>, "expected" | "schema">;

/** Undefined when the option is not given. */
export function readOption<Value>(asked: Invocation, option: string, form: Words<Value>): Value | undefined {
  const text = asked.one(option);
  return text === undefined ? undefined : readText(text, option, form);
}

/** A moment that an option names, as the API takes it. */
export function isoAsked(asked: Invocation, option: string): string | undefined {
  const atMs = readOption(asked, option, MOMENT);
  return atMs === undefined ? undefined : new Date(atMs).toISOString();
}

/** One of the values of an option. */
export function readText<Value>(text: string, option: string, { expected, schema }: Words<Value>): Value {
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

function momentMs(text: string): number | null {
  const agoMs = parseDurationMs(text);
  return agoMs === null ? timeMs(text) : system.now() - agoMs;
}

/** Epoch ms of a time as RFC 3339 writes it; null for any other text. */
export function timeMs(text: string): number | null {
  const value = isTime(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(value) ? null : value;
}
