/**
 * Options of a program that embeds or publishes, held against the same table as the environment: what a variable could not
 * say, an option cannot either. All that is wrong is said at once, under the options' own names. It fills in no default.
 */
import { LOG_LEVELS } from "../core/logger.ts";
import { nearest } from "./nearest.ts";
import type { Setting } from "./setting.ts";
import { SETTINGS } from "./settings.ts";

/** An option that is no setting. */
interface OtherOption {
  readonly expected: string;
  readonly isGood: (value: unknown) => boolean;
}

interface OptionNames {
  /** Names of the settings that may be given, by the names of their options. */
  readonly settings: Readonly<Record<string, string>>;
  readonly others?: Readonly<Record<string, OtherOption>>;
  /** Options that have to be there. */
  readonly required?: readonly string[];
}

export const TRUE_OR_FALSE: OtherOption = {
  expected: "true or false",
  isGood: (value) => typeof value === "boolean",
};
export const AN_OBJECT: OtherOption = { expected: "an object", isGood: (value) => Object(value) === value };
export const FUNCTIONS: OtherOption = {
  expected: "a list of functions",
  isGood: (value) => Array.isArray(value) && value.every((one) => typeof one === "function"),
};
export const LOGGER: OtherOption = {
  expected: "a logger with debug, info, warn and error, such as pino's, or false for none",
  isGood: (value) => value === false || LOG_LEVELS.every((level) => isFunctionOf(value, level)),
};
export const ANYTHING: OtherOption = { expected: "anything", isGood: () => true };

function isFunctionOf(value: unknown, name: string): boolean {
  return Object(value) === value && typeof Reflect.get(Object(value), name) === "function";
}

const BY_KEY: ReadonlyMap<string, Setting> = new Map(SETTINGS.map((setting) => [setting.key, setting]));

/** Every setting, under its own name. */
export const ALL_SETTINGS: Readonly<Record<string, string>> = Object.fromEntries(
  SETTINGS.map(({ key }) => [key, key]),
);

/** Undefined counts as not given. `at` comes before each name. */
export function optionProblems(given: object, names: OptionNames, at = ""): readonly string[] {
  const missing = (names.required ?? []).filter((name) => (Reflect.get(given, name) ?? null) === null);
  return [
    ...missing.map(
      (name) =>
        `${at}${name}: expected ${expectedOf(name, names)}, got nothing${remedyOf(settingOf(name, names))}`,
    ),
    ...Object.entries(given).flatMap(([name, value]) => {
      const isAbsent = value === undefined || missing.includes(name);
      const problem = isAbsent ? null : problemOf(name, value, names);
      return problem === null ? [] : [`${at}${name}: ${problem}`];
    }),
  ];
}

const settingOf = (name: string, { settings }: OptionNames): Setting | undefined =>
  Object.hasOwn(settings, name) ? BY_KEY.get(settings[name] ?? "") : undefined;

function expectedOf(name: string, names: OptionNames): string {
  return settingOf(name, names)?.inCode.expected ?? names.others?.[name]?.expected ?? "a value";
}

function problemOf(name: string, value: unknown, names: OptionNames): string | null {
  const other = names.others?.[name];
  const setting = settingOf(name, names);
  if (other === undefined && setting === undefined) return unknown(name, names);
  const isGood = other === undefined ? fits(setting, value) : other.isGood(value);
  if (isGood) return null;
  const shown = setting?.isSecret === true ? "another value, which is hidden" : shownValue(value);
  return `expected ${expectedOf(name, names)}, got ${shown}${remedyOf(setting)}`;
}

const remedyOf = (setting: Setting | undefined): string =>
  setting?.remedy === undefined ? "" : `; ${setting.remedy}`;

/** Null is the value of one that may be absent. */
function fits(setting: Setting | undefined, value: unknown): boolean {
  if (setting === undefined) return false;
  if (value === null) return setting.default === null;
  const text = setting.inCode.textOf(value);
  return text !== null && setting.isText(text);
}

function unknown(name: string, { settings, others = {} }: OptionNames): string {
  const near = nearest(name, [...Object.keys(settings), ...Object.keys(others)]);
  return `expected an option that there is, got an unknown one${near === undefined ? "" : `; did you mean ${near}?`}`;
}

const SHOWN_MAX_CHARS = 60;

function shownValue(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, SHOWN_MAX_CHARS));
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "a list" : "an object";
  return String(value);
}
