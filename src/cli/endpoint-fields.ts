/** An endpoint in the words of a command line: what its options set, as the API's JSON. Bounds are for the API to say. */
import type { ShownWebhook } from "../api/webhook-fields.ts";
import { formatDuration, parseDurationMs } from "../core/duration.ts";
import { PROFILE_NAMES } from "../core/endpoint.ts";
import { SCHEDULES } from "../endpoints/forms.ts";
import type { Reading, Table } from "../endpoints/setting.ts";
import { type Invocation, usage } from "./command-line.ts";
import { choice, choices, durationMs, durationsMs, list } from "./values.ts";

/** Of an option that is given. Each throws USAGE. */
const READERS: Readonly<Record<Reading, (asked: Invocation, option: string) => unknown>> = {
  text: (asked, option) => asked.one(option),
  texts: (asked, option) => asked.all(option),
  list,
  profile: (asked, option) => choice(asked, option, PROFILE_NAMES),
  profiles: (asked, option) => choices(asked, option, PROFILE_NAMES),
  on: () => true,
  off: () => false,
  number,
  duration: (asked, option) => (durationMs(asked, option) ?? 0) / 1_000,
  waits,
  rate,
  headers: (asked, option) => pairs(asked, option, ":", "'Name: value'"),
  labels: (asked, option) => pairs(asked, option, "=", "key=value"),
};

/** Those of a table's settings that are given, under their JSON names. */
export function settingsOf(asked: Invocation, table: Table): Readonly<Record<string, unknown>> {
  const given = Object.values(table).flatMap(({ json, option }) =>
    "name" in option && asked.has(option.name) ? [[json, READERS[option.reading](asked, option.name)]] : [],
  );
  return Object.fromEntries(given);
}

function number(asked: Invocation, option: string): number {
  const text = asked.one(option) ?? "";
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw usage(`--${option} with a whole number`, JSON.stringify(text));
}

function waits(asked: Invocation, option: string): unknown {
  const text = asked.one(option) ?? "";
  return Object.hasOwn(SCHEDULES, text) ? text : durationsMs(asked, option)?.map(formatDuration);
}

function rate(asked: Invocation, option: string): unknown {
  const text = asked.one(option) ?? "";
  const [, count, time = ""] = /^(\d{1,9})\/(\S+)$/.exec(text) ?? [];
  // Without a number it is one of its unit: 100/s.
  const perMs = parseDurationMs(/^\d/.test(time) ? time : `1${time}`);
  if (count === undefined || perMs === null)
    throw usage(`--${option} with a number and a time, such as 100/1m`, JSON.stringify(text));
  return { count: Number(count), per_seconds: perMs / 1_000 };
}

/** Text without a separator may be all value, and is not repeated. */
function pairs(asked: Invocation, option: string, separator: string, form: string): unknown {
  const entries = asked.all(option).map((text): readonly [string, string] => {
    const at = text.indexOf(separator);
    if (at < 1)
      throw usage(
        `--${option} ${form}`,
        `a text of ${text.length} characters without a name and "${separator}"`,
      );
    return [text.slice(0, at).trim(), text.slice(at + 1).trim()];
  });
  return Object.fromEntries(entries);
}

export const profilesOf = ({ profile, further_profiles: further }: ShownWebhook): string =>
  [profile, ...further].join("+");
