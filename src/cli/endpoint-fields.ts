/** An endpoint in the words of a command line: what its options set, as the API's JSON, within the table's bounds. */
import type { ShownWebhook } from "../api/webhook-fields.ts";
import { flag, form, text } from "../config/forms.ts";
import { formatDuration, parseDurationMs } from "../core/duration.ts";
import { PROFILE_NAMES } from "../core/endpoint.ts";
import { SCHEDULES } from "../endpoints/forms.ts";
import type { Reading, Table } from "../endpoints/setting.ts";
import { type Invocation, usage } from "./command-line.ts";
import { choice, DURATION, readChoice, readOption, readText } from "./values.ts";

/** Of an option that is given. Each throws USAGE. */
const READERS: Readonly<Record<Reading, (asked: Invocation, option: string) => unknown>> = {
  text: (asked, option) => asked.one(option),
  texts: (asked, option) => asked.all(option),
  list,
  profile: (asked, option) => choice(asked, option, PROFILE_NAMES),
  profiles: (asked, option) => asked.all(option).map((name) => readChoice(name, option, PROFILE_NAMES)),
  on: () => true,
  off: () => false,
  flag: (asked, option) => readOption(asked, option, flag()),
  number: (asked, option) => Number(readOption(asked, option, text("a whole number", /^\d{1,9}$/))),
  duration: (asked, option) => Number(readOption(asked, option, DURATION)) / 1_000,
  waits,
  rate: (asked, option) => readOption(asked, option, form("a number and a time, such as 100/1m", rate)),
  headers: (asked, option) => pairs(asked, option, ":", "'Name: value'"),
  labels: (asked, option) => pairs(asked, option, "=", "key=value"),
};

/** Those of a table's settings that are given, under their JSON names. Throws USAGE for all that are out of bounds. */
export function settingsOf(asked: Invocation, table: Table): Readonly<Record<string, unknown>> {
  const good: (readonly [string, unknown])[] = [];
  const bad: { readonly expected: string; readonly got: string }[] = [];
  for (const { json, option, form, isSecret } of Object.values(table)) {
    if (!("name" in option) || !asked.has(option.name)) continue;
    const value = READERS[option.reading](asked, option.name);
    if (form.asked.safeParse(value).success) good.push([json, value]);
    else {
      const got = isSecret === true ? "another text" : asked.all(option.name).map(quote).join(", ");
      bad.push({ expected: `--${option.name} with ${form.expected}`, got });
    }
  }
  const said = (part: "expected" | "got"): string => bad.map((one) => one[part]).join("; ");
  if (bad.length > 0) throw usage(said("expected"), said("got"));
  return Object.fromEntries(good);
}

const quote = (text: string): string => JSON.stringify(text);

/** Items separated by commas; no text, no items. */
function list(asked: Invocation, option: string): readonly string[] | undefined {
  const text = asked.one(option);
  return text === "" ? [] : text?.split(",").map((item) => item.trim());
}

/** The name of a schedule, or durations separated by commas; `none` is an empty list. */
function waits(asked: Invocation, option: string): unknown {
  const text = asked.one(option) ?? "";
  if (Object.hasOwn(SCHEDULES, text)) return text;
  const items = text === "none" ? [] : text.split(",");
  return items.map((item) => formatDuration(readText(item.trim(), option, DURATION)));
}

function rate(text: string): unknown {
  const [, count, time = ""] = /^(\d{1,9})\/(\S+)$/.exec(text) ?? [];
  // Without a number it is one of its unit: 100/s.
  const perMs = parseDurationMs(/^\d/.test(time) ? time : `1${time}`);
  return count === undefined || perMs === null ? null : { count: Number(count), per_seconds: perMs / 1_000 };
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
