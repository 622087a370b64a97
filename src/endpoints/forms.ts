/**
 * The forms that settings of an endpoint take, each with its bounds and the words that tell a person of them. JSON
 * has other units than code in places; a bound is written here once, for both. No form knows of another setting.
 */
import { z } from "zod";
import { STANDARD_WEBHOOKS_SCHEDULE } from "../core/backoff.ts";
import { DESTINATION_ID_PREFIX } from "../core/destination.ts";
import { DURATION_PATTERN, formatDuration, parseDurationMs } from "../core/duration.ts";
import {
  ENDPOINT_ID_PATTERN,
  PROFILE_NAMES,
  type ProfileName,
  type RateLimit,
  SECRET_MAX_CHARACTERS,
} from "../core/endpoint.ts";
import { SUBSCRIPTION_PATTERN } from "../core/event.ts";
import { isMaskedUrl } from "../core/mask-url.ts";
import type { Form } from "./setting.ts";

const LABEL_NAME = /^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$/;
const LABELS_MAX = 20;
const LABELS_MAX_BYTES = 4_096;
const WAITS_MAX = 24;
const WAIT_MAX_MS = 7 * 24 * 60 * 60 * 1_000;
const RATE_MAX = 1_000_000;
const RATE_MIN_MS = 1_000;
const RATE_MAX_MS = 24 * 60 * 60 * 1_000;
/** One, and those before it that still sign while receivers move to it. */
export const SECRETS_MAX = 4;
const URL_MAX = 2_048;

const shownNumber = (value: number): string => value.toLocaleString("en-US");
const span = (minMs: number, maxMs: number): string => `${formatDuration(minMs)} to ${formatDuration(maxMs)}`;

/** The same in JSON as in code; `shown` is its type without bounds. */
function alike<Value, Shown = Value>(
  expected: string,
  schema: z.ZodType<Value>,
  shown: z.ZodType<Shown>,
): Form<Value, Shown> {
  return { expected, schema, asked: schema, shown };
}

export function flag() {
  return alike("true or false", z.boolean(), z.boolean());
}

/** Null where something else decides. */
export function flagOrNull() {
  return alike("true, false or null", z.boolean().nullable(), z.boolean().nullable());
}

export function text(max: number) {
  return alike(`a text of at most ${shownNumber(max)} characters`, z.string().max(max), z.string());
}

/** One word of a few. */
export function word<const Word extends string>(words: readonly Word[]) {
  return alike(`one of ${words.join(", ")}`, z.enum(words), z.enum(words));
}

/** Null where its profile decides. */
export function textOrNull(max: number) {
  const expected = `a text of at most ${shownNumber(max)} characters, or null`;
  return alike(expected, z.string().max(max).nullable(), z.string().nullable());
}

export function wholeNumber(min: number, max: number) {
  const expected = `a whole number from ${shownNumber(min)} to ${shownNumber(max)}`;
  return alike(expected, z.int().min(min).max(max), z.int());
}

/** Seconds in JSON; the value is ms. */
export function seconds(minMs: number, maxMs: number): Form<number, number> {
  const schema = z.number().min(minMs).max(maxMs);
  const asked = z
    .number()
    .min(minMs / 1_000)
    .max(maxMs / 1_000);
  return {
    expected: span(minMs, maxMs),
    schema,
    asked: asked.transform((value) => Math.round(value * 1_000)),
    shown: z.number(),
  };
}

/** Of an endpoint that may be made: not that of a destination. */
export const NEW_ID_PATTERN = new RegExp(
  ENDPOINT_ID_PATTERN.source.replace("^", `^(?!${DESTINATION_ID_PREFIX})`),
);

export function endpointId() {
  const expected = `1–64 of A–Z a–z 0–9 _ - not beginning with ${DESTINATION_ID_PREFIX}`;
  const schema = z.string().regex(NEW_ID_PATTERN);
  return alike(expected, schema, z.string());
}

export function url() {
  const schema = z
    .string()
    .max(URL_MAX)
    .refine((text) => !isMaskedUrl(text))
    .meta({ format: "uri" });
  return alike(`the whole URL, unmasked, of at most ${shownNumber(URL_MAX)} characters`, schema, z.string());
}

export function subscriptions(max: number): Form<readonly string[], string[]> {
  const schema = z.array(z.string().regex(SUBSCRIPTION_PATTERN)).max(max);
  return alike(`at most ${max} types, families such as job.*, or *`, schema, z.array(z.string()));
}

const NAMES = PROFILE_NAMES.join(", ");

export function profile() {
  return alike(`one of ${NAMES}`, z.enum(PROFILE_NAMES), z.enum(PROFILE_NAMES));
}

export function profiles(): Form<readonly ProfileName[], ProfileName[]> {
  const schema = z.array(z.enum(PROFILE_NAMES)).max(PROFILE_NAMES.length);
  return alike(`a list of ${NAMES}`, schema, z.array(z.enum(PROFILE_NAMES)));
}

type Texts = Readonly<Record<string, string>>;

const textByName = z.record(z.string(), z.string());

/** The guard says which of them may be sent. */
export function headers(): Form<Texts, Texts> {
  return alike("texts by name", textByName, textByName);
}

export function labels(): Form<Texts, Texts> {
  const schema = z
    .record(z.string().regex(LABEL_NAME), z.string())
    .refine((all) => Object.keys(all).length <= LABELS_MAX)
    .refine((all) => Buffer.byteLength(JSON.stringify(all)) <= LABELS_MAX_BYTES);
  const names = `at most ${LABELS_MAX} names of 1–64 of A–Z a–z 0–9 _ . : -`;
  return alike(`${names}, each with a text, 4 KB as JSON in all`, schema, textByName);
}

/** In JSON one may stand alone, and none is ever shown. */
export function secrets(): Form<readonly string[], never> {
  const secret = z.string().max(SECRET_MAX_CHARACTERS);
  const schema = z.array(secret).min(1).max(SECRETS_MAX);
  return {
    expected: `one, or up to ${SECRETS_MAX} while rotating, of at most ${shownNumber(SECRET_MAX_CHARACTERS)} characters`,
    schema,
    asked: z.union([secret, schema]).transform((value) => [value].flat()),
    shown: z.never(),
  };
}

export const secret = () => text(SECRET_MAX_CHARACTERS);

/** Retry schedules that have a name. Waits of an endpoint's own are written as they are. */
export const SCHEDULES = { "standard-webhooks": STANDARD_WEBHOOKS_SCHEDULE } as const;

type ScheduleName = keyof typeof SCHEDULES;
type Waits = readonly number[] | ScheduleName;

/** Durations in JSON; the value is ms. */
export function waits(): Form<Waits, string[]> {
  const named = z.literal("standard-webhooks" satisfies ScheduleName);
  const schema = z.union([z.array(z.number().min(0).max(WAIT_MAX_MS)).max(WAITS_MAX), named]);
  const asked = z.union([z.array(z.string().regex(DURATION_PATTERN)).max(WAITS_MAX), named]);
  const names = Object.keys(SCHEDULES).join(" or ");
  return {
    expected: `at most ${WAITS_MAX} waits of ${span(0, WAIT_MAX_MS)}, or ${names}`,
    schema,
    // Its form is checked; a text that could not be read would be refused as a number.
    asked: asked
      .transform((value) => (typeof value === "string" ? value : value.map((one) => parseDurationMs(one))))
      .pipe(schema),
    shown: z.array(z.string()),
  };
}

/** Null where there is none. */
export function rate(): Form<RateLimit | null, { count: number; per_seconds: number } | null> {
  const count = z.int().min(1).max(RATE_MAX);
  const perMs = z.int().min(RATE_MIN_MS).max(RATE_MAX_MS);
  const perSeconds = z
    .number()
    .min(RATE_MIN_MS / 1_000)
    .max(RATE_MAX_MS / 1_000);
  const asked = z.strictObject({ count, per_seconds: perSeconds });
  return {
    expected: `a count of 1 to ${shownNumber(RATE_MAX)} in ${span(RATE_MIN_MS, RATE_MAX_MS)}`,
    schema: z.strictObject({ count, perMs }).nullable(),
    asked: asked
      .transform((one) => ({ count: one.count, perMs: Math.round(one.per_seconds * 1_000) }))
      .nullable(),
    shown: z.object({ count: z.int(), per_seconds: z.number() }).nullable(),
  };
}
