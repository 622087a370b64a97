/**
 * Reads the words of a command line against the grammar. What it does not understand it refuses, with the
 * nearest thing that exists; it never guesses and never ignores.
 */
import { parseArgs } from "node:util";
import { nearest } from "../config/nearest.ts";
import { HookwaveError } from "../core/errors.ts";
import { AND_MORE, type CommandSpec, optionsOf } from "./command-spec.ts";
import { COMMANDS } from "./grammar.ts";
import { GLOBAL_OPTIONS, type OptionSpec } from "./options.ts";

/** A command as it was asked for. */
export interface Invocation {
  /** Its name in the grammar. */
  readonly command: string;
  readonly operands: readonly string[];
  readonly has: (option: string) => boolean;
  /** The value of an option that is given once; undefined when it is not given. */
  readonly one: (option: string) => string | undefined;
  readonly all: (option: string) => readonly string[];
}

type Given = ReturnType<typeof tokenise>["given"][number];

/** Throws USAGE. No words at all, and `--help`, mean the command `help`. */
export function readCommandLine(words: readonly string[]): Invocation {
  const { given, positionals } = tokenise(words);
  const asks = (name: string): boolean => given.some((option) => option.name === name);
  const isBare = positionals.length === 0 && (asks("version") || asks("help") || given.length === 0);
  const isFamily = asks("help") && positionals.length === 1 && familyOf(positionals[0] ?? "").length > 0;
  const { command, operands } = findCommand(isBare || isFamily ? ["help", ...positionals] : positionals);
  const values = checkOptions(command, given);
  const isExplained = asks("help") && command.name !== "help";
  if (!isExplained) checkOperands(command, operands);
  return {
    command: isExplained ? "help" : command.name,
    operands: isExplained ? [command.name] : operands,
    has: (option) => values.has(option),
    one: (option) => values.get(option)?.[0],
    all: (option) => values.get(option) ?? [],
  };
}

function tokenise(words: readonly string[]) {
  const every = [...COMMANDS.flatMap(({ options }) => options), ...GLOBAL_OPTIONS];
  const { tokens, positionals } = parseArgs({
    args: [...words],
    options: Object.fromEntries(
      every.map(({ name, value, short }) => [
        name,
        { type: value === null ? "boolean" : "string", ...(short !== undefined && { short }) },
      ]),
    ),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  return { given: tokens.filter((token) => token.kind === "option"), positionals };
}

function findCommand(positionals: readonly string[]) {
  const [first = "", second = ""] = positionals;
  const pair = COMMANDS.find(({ name }) => name === `${first} ${second}`);
  if (pair !== undefined) return { command: pair, operands: positionals.slice(2) };
  const single = COMMANDS.find(({ name }) => name === first);
  if (single !== undefined) return { command: single, operands: positionals.slice(1) };
  const names = COMMANDS.map(({ name }) => name);
  const family = familyOf(first);
  if (family.length > 0) {
    const verbs = family.map((name) => name.slice(first.length + 1)).join(", ");
    const suggestion = second === "" ? undefined : nearest(`${first} ${second}`, family);
    throw usage(`${first} and one of ${verbs}`, second === "" ? "nothing more" : quote(second), suggestion);
  }
  throw usage("a command", quote(first), nearest(positionals.slice(0, 2).join(" "), names));
}

/** The commands that have this first word and a second. */
const familyOf = (first: string): readonly string[] =>
  COMMANDS.map(({ name }) => name).filter((name) => name.startsWith(`${first} `));

/** The values by option; a switch has one empty value. */
function checkOptions(command: CommandSpec, given: readonly Given[]): ReadonlyMap<string, readonly string[]> {
  const known = optionsOf(command);
  const values = new Map<string, readonly string[]>();
  for (const one of given) {
    const spec = known.find(({ name, short }) => one.rawName === `--${name}` || one.rawName === `-${short}`);
    if (spec === undefined) {
      const names = known.map((option) => `--${option.name}`);
      throw usage(`an option of "${command.name}"`, quote(one.rawName), nearest(one.rawName, names));
    }
    const before = values.get(one.name) ?? [];
    if (before.length > 0 && spec.isRepeatable !== true) throw usage(`${one.rawName} once`, "it twice");
    values.set(one.name, [...before, readValue(spec, one)]);
  }
  return values;
}

function readValue(spec: OptionSpec, { rawName, value, inlineValue }: Given): string {
  if (spec.value === null) {
    if (value === undefined) return "";
    throw usage(`${rawName} without a value`, `one of ${value.length} characters`);
  }
  // `--id --json` has forgotten the id; a value that really begins with a dash can be written --id=-x.
  if (value === undefined || (inlineValue !== true && value.startsWith("-")))
    throw usage(`${rawName} ${spec.value}`, "no value");
  return value;
}

function checkOperands({ name, operands }: CommandSpec, given: readonly string[]): void {
  const needed = operands.filter((operand) => !operand.startsWith("["));
  const isOpen = name === "help" || operands.at(-1)?.endsWith(AND_MORE) === true;
  if (given.length >= needed.length && (given.length <= operands.length || isOpen)) return;
  const expected = operands.length === 0 ? `nothing after "${name}"` : `${name} ${operands.join(" ")}`;
  const surplus = given.length - operands.length;
  // Not what it is: a secret without its option stands here.
  const got = surplus > 0 ? `${surplus} more` : `no ${needed[given.length]}`;
  throw usage(expected, got);
}

/** A command line that cannot be understood, as the error that says so. */
export function usage(expected: string, got: string, suggestion?: string): HookwaveError {
  const remedy =
    suggestion === undefined
      ? "`hookwave help` lists what there is"
      : `did you mean ${quote(suggestion)}? \`hookwave help\` lists what there is`;
  return new HookwaveError("USAGE", { expected, got, remedy });
}

const quote = (text: string): string => JSON.stringify(text);
