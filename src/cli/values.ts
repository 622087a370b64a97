/** Values of options that are more than text: read, or refused as a usage error that says what may be written. */

import { nearest } from "../config/nearest.ts";
import { parseDurationMs } from "../core/duration.ts";
import { TIMESTAMP_PATTERN } from "../core/event.ts";
import { type Invocation, usage } from "./command-line.ts";

/** Undefined when the option is not given. */
export function wholeNumber(asked: Invocation, option: string, min: number, max: number): number | undefined {
  const text = asked.one(option);
  if (text === undefined) return undefined;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw usage(`--${option} with a whole number from ${min} to ${max}`, JSON.stringify(text));
}

/** From 0 to 1; undefined when the option is not given. */
export function fraction(asked: Invocation, option: string): number | undefined {
  const text = asked.one(option);
  if (text === undefined) return undefined;
  if (/^(?:0|1|0?\.\d{1,6}|1\.0+)$/.test(text)) return Number(text);
  throw usage(`--${option} with a share from 0 to 1, such as 0.3`, JSON.stringify(text));
}

export function durationMs(asked: Invocation, option: string): number | undefined {
  const text = asked.one(option);
  return text === undefined ? undefined : readDurationMs(text, option);
}

/** Durations separated by commas; `none` is an empty list. */
export function durationsMs(asked: Invocation, option: string): readonly number[] | undefined {
  const text = asked.one(option);
  if (text === undefined) return undefined;
  return text === "none" ? [] : text.split(",").map((item) => readDurationMs(item.trim(), option));
}

function readDurationMs(text: string, option: string): number {
  const value = parseDurationMs(text);
  if (value !== null) return value;
  throw usage(`--${option} with durations such as 15s, 2m or 24h`, JSON.stringify(text));
}

export function choice<const Name extends string>(
  asked: Invocation,
  option: string,
  names: readonly Name[],
): Name | undefined {
  const text = asked.one(option);
  return text === undefined ? undefined : readChoice(text, option, names);
}

/** Of an option that may be given several times. */
export function choices<const Name extends string>(
  asked: Invocation,
  option: string,
  names: readonly Name[],
): readonly Name[] {
  return asked.all(option).map((text) => readChoice(text, option, names));
}

function readChoice<Name extends string>(text: string, option: string, names: readonly Name[]): Name {
  const chosen = names.find((name) => name === text);
  if (chosen !== undefined) return chosen;
  throw usage(`--${option} with one of ${names.join(", ")}`, JSON.stringify(text), nearest(text, names));
}

/** Epoch ms of a time as RFC 3339 writes it. */
export function timeMs(asked: Invocation, option: string): number | undefined {
  const text = asked.one(option);
  if (text === undefined) return undefined;
  const value = TIMESTAMP_PATTERN.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(value)) return value;
  throw usage(`--${option} with a time such as 2026-01-31T12:00:00Z`, JSON.stringify(text));
}

/** Items separated by commas; no text, no items. */
export function list(asked: Invocation, option: string): readonly string[] | undefined {
  const text = asked.one(option);
  return text === "" ? [] : text?.split(",").map((item) => item.trim());
}
