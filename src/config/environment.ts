/**
 * Reads the environment into a typed configuration: the only reader of process.env. It collects every problem
 * before it refuses, and warns about variables that look like ours but are not. It never shows a secret's value.
 */
import type { z } from "zod";
import { HookwaveError } from "../core/errors.ts";
import { withSecretFiles } from "./secret-files.ts";
import type { Setting } from "./setting.ts";
import { configSchema, type Environment, SETTINGS } from "./settings.ts";
import { unknownVariables } from "./unknown-variables.ts";

export interface Config extends Readonly<z.output<typeof configSchema>> {
  /** Variables that were ignored and why; to be logged at start. */
  readonly warnings: readonly string[];
}

/** Throws CONFIG_INVALID, listing all that is wrong: variable, value (hidden if secret), expectation, remedy. */
export function readEnvironment(given: Environment = process.env): Config {
  const { env, problems: unread } = withSecretFiles(given);
  const texts = new Map(SETTINGS.map(({ key, variable }) => [key, textOf(env, variable)]));
  const parsed = configSchema.safeParse(Object.fromEntries(texts));
  const invalid = new Set(parsed.error?.issues.map((issue) => issue.path[0]));
  const problems = [
    ...unread,
    ...SETTINGS.filter(({ key }) => invalid.has(key)).map((setting) => invalidValue(setting, env)),
    ...keyContradictions(env),
    ...endpointContradictions(env),
  ];
  if (problems.length > 0 || !parsed.success) throw refusal(problems);
  return { ...parsed.data, warnings: unknownVariables(env) };
}

/** The folders in which executables are looked for. */
export function readSearchPath(env: Environment = process.env): string {
  return env["PATH"] ?? "";
}

/**
 * The configuration of a service that is embedded: the defaults, and what its owner gave. What is undefined counts
 * as not given, or an unset variable that was passed on would take a default away. Throws CONFIG_INVALID.
 */
export function configWith(given: { readonly [Key in keyof Config]?: Config[Key] | undefined }): Config {
  const settled = Object.entries(given).filter(([, value]) => value !== undefined);
  const config: Config = { ...readEnvironment({}), ...Object.fromEntries(settled) };
  if (!configSchema.shape.prefix.safeParse(config.prefix).success) {
    const remedy = "write it like {hookwave}: the braces keep all keys on one node of a cluster";
    throw unusable("a prefix with a hash tag, a name in braces", config.prefix, remedy);
  }
  const { replicasMin } = config;
  // With none to wait for, Redis would confirm at once what no replica has.
  if (!Number.isInteger(replicasMin) || replicasMin < 1)
    throw unusable(
      "replicasMin: a whole number from 1",
      replicasMin,
      "say how many replicas must have an event",
    );
  return config;
}

function unusable(expected: string, got: unknown, remedy: string): HookwaveError {
  return new HookwaveError("CONFIG_INVALID", { expected, got: JSON.stringify(got), remedy });
}

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

/** Settings that are fine alone and wrong together. */
function keyContradictions(env: Environment): readonly string[] {
  const [key, previous] = ["HOOKWAVE_ENCRYPTION_KEY", "HOOKWAVE_ENCRYPTION_KEY_PREVIOUS"];
  if (textOf(env, previous) === undefined || textOf(env, key) !== undefined) return [];
  return [`${key}: expected the new key because ${previous} is set, got none; set both, or neither`];
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

function refusal(problems: readonly string[]): HookwaveError {
  return new HookwaveError("CONFIG_INVALID", {
    expected: "settings as docs/configuration.md describes them",
    got: [`${problems.length} that cannot work:`, ...problems].join("\n  "),
    remedy: "correct them and start again",
  });
}
