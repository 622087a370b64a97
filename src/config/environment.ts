/**
 * Reads the environment into a typed configuration: the only reader of process.env. It collects every problem
 * before it refuses, and warns about variables that look like ours but are not. It never shows a secret's value.
 */
import type { z } from "zod";
import { HookwaveError } from "../core/errors.ts";
import { redisContradictions } from "./redis-settings.ts";
import { withSecretFiles } from "./secret-files.ts";
import type { Setting } from "./setting.ts";
import { configSchema, type Environment, SETTINGS } from "./settings.ts";
import { unheededProxies } from "./unheeded-proxies.ts";
import { unknownVariables } from "./unknown-variables.ts";

export interface Config extends Readonly<z.output<typeof configSchema>> {
  /** Variables that were ignored and why; to be logged at start. */
  readonly warnings: readonly string[];
  /** Variables of other programs that name a proxy, where OUTBOUND_PROXY names none. */
  readonly unheededProxies: readonly string[];
}

/** An environment that was looked at, whatever is wrong with it. */
export interface Survey {
  /** With the default in place of each value that cannot be read. */
  readonly config: Config;
  /** Each: variable, value (hidden if secret), expectation, remedy. A service does not start with any. */
  readonly problems: readonly string[];
}

interface WholeSurvey extends Survey {
  /** Settings that it names, by their names in the configuration. */
  readonly given: ReadonlySet<string>;
}

/** Throws CONFIG_INVALID, listing all that is wrong. */
export function readEnvironment(given: Environment = process.env): Config {
  const { config, problems } = surveyEnvironment(given);
  if (problems.length > 0) throw refusal(problems);
  return config;
}

/**
 * Options of an embedded service as the environment has them, and no defaults: what it does not name, a program can. Throws
 * CONFIG_INVALID, listing all that is wrong under the variables' names.
 */
export function configFromEnv(env: Environment = process.env): Partial<Config> {
  const { config, problems, given } = survey(env);
  if (problems.length > 0) throw refusal(problems);
  const { warnings, unheededProxies: proxies } = config;
  const named = Object.entries(config).filter(([key]) => given.has(key));
  return { ...Object.fromEntries(named), warnings, unheededProxies: proxies };
}

/** For whoever has to go on with an environment that a service would refuse: to say what is wrong with it. */
export const surveyEnvironment = (env: Environment = process.env): Survey => survey(env);

function survey(read: Environment): WholeSurvey {
  const { env, problems: unread } = withSecretFiles(read);
  const texts = new Map(SETTINGS.map(({ key, variable }) => [key, textOf(env, variable)]));
  const parsed = configSchema.safeParse(Object.fromEntries(texts));
  const given = new Set(SETTINGS.flatMap(({ key }) => (texts.get(key) === undefined ? [] : [key])));
  const invalid = new Set(parsed.error?.issues.map((issue) => issue.path[0]));
  const problems = [
    ...unread,
    ...SETTINGS.filter(({ key }) => invalid.has(key)).map((setting) => invalidValue(setting, env)),
    ...keyContradictions(env),
    ...secretContradictions(env),
    ...endpointContradictions(env),
    ...redisContradictions((key) => texts.get(key), variableOf),
  ];
  for (const { key } of SETTINGS) if (invalid.has(key)) texts.delete(key);
  const settled = parsed.success ? parsed.data : configSchema.parse(Object.fromEntries(texts));
  const unheeded = settled.outboundProxy === null ? unheededProxies(env) : [];
  const config = { ...settled, warnings: unknownVariables(env), unheededProxies: unheeded };
  return { config, problems, given };
}

/** The folders in which executables are looked for. */
export function readSearchPath(env: Environment = process.env): string {
  return env["PATH"] ?? "";
}

type Given = { readonly [Key in keyof Config]?: Config[Key] | undefined };

/** The defaults, and what was given. What is undefined counts as not given, or an unset variable that was passed on would take a default away. */
export function configWith(given: Given): Config {
  const settled = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...readEnvironment({}), ...Object.fromEntries(settled) };
}

/** Throws CONFIG_INVALID, listing all that is wrong with a program's options. */
export function insistOptions(problems: readonly string[]): void {
  if (problems.length > 0) throw refusedOptions(problems);
}

export const refusedOptions = (problems: readonly string[]): HookwaveError =>
  refusal(problems, "options as docs/embedding.md describes them");

/** An empty variable counts as unset: that is how compose files and shells leave out a value. */
function textOf(env: Environment, variable: string): string | undefined {
  const text = env[variable]?.trim();
  return text === "" ? undefined : text;
}

function invalidValue(setting: Setting, env: Environment): string {
  const { variable, expected, isSecret } = setting;
  const value = textOf(env, variable) ?? "";
  const shown = isSecret === true ? `a hidden value of ${value.length} characters` : JSON.stringify(value);
  return `${variable}: expected ${expected}, got ${shown}; ${remedyFor(setting)}`;
}

function remedyFor(setting: Setting): string {
  if (setting.remedy !== undefined) return setting.remedy;
  return setting.default ? `for example ${setting.variable}=${setting.default}` : "correct it or unset it";
}

const variableOf = (key: string): string => SETTINGS.find((one) => one.key === key)?.variable ?? key;

/** Settings that are fine alone and wrong together. */
function keyContradictions(env: Environment): readonly string[] {
  return withoutNewer(env, "HOOKWAVE_ENCRYPTION_KEY", "key");
}

/** The one before is of use only beside the one that takes its place. */
function withoutNewer(env: Environment, name: string, word: "key" | "secret"): readonly string[] {
  const previous = `${name}_PREVIOUS`;
  if (textOf(env, previous) === undefined || textOf(env, name) !== undefined) return [];
  return [`${name}: expected the new ${word} because ${previous} is set, got none; set both, or neither`];
}

function secretContradictions(env: Environment): readonly string[] {
  const secret = "WEBHOOK_SECRET";
  const previous = `${secret}_PREVIOUS`;
  const before = textOf(env, previous);
  if (before === undefined || before !== textOf(env, secret)) return withoutNewer(env, secret, "secret");
  return [`${previous}: expected the secret before ${secret}, got the same; unset it`];
}

function endpointContradictions(env: Environment): readonly string[] {
  const url = textOf(env, "WEBHOOK_URL");
  if (url === undefined) return [];
  const problems: string[] = [];
  if (textOf(env, "WEBHOOK_SECRET") === undefined)
    problems.push(
      "WEBHOOK_SECRET: expected a secret because WEBHOOK_URL is set, got none; set the receiver's",
    );
  const allowHttp = configSchema.shape.allowHttp.safeParse(textOf(env, "ALLOW_HTTP")).data;
  if (url.startsWith("http:") && allowHttp === false)
    problems.push("WEBHOOK_URL: expected https:, got http:; use https: or set ALLOW_HTTP=true");
  return problems;
}

function refusal(
  problems: readonly string[],
  expected = "settings as docs/configuration.md describes them",
): HookwaveError {
  return new HookwaveError("CONFIG_INVALID", {
    expected,
    got: [`${problems.length} that cannot work:`, ...problems].join("\n  "),
    remedy: "correct them and start again",
  });
}
