/**
 * The words that may be written at each place of a command line, from the grammar. A place is named by the words that lead there:
 * `endpoints 1` is the first word behind `endpoints`, `endpoints list -` an option of it, `audit --action` its value.
 */
import { catalogue } from "../../catalogue/catalogue.ts";
import { PHASES } from "../../core/migration.ts";
import { type CommandSpec, firstClause, optionsOf } from "../command-spec.ts";
import { COMMANDS } from "../grammar.ts";
import { GLOBAL_OPTIONS, type OptionSpec } from "../options.ts";
import { SHELLS } from "./shells.ts";

export interface Candidate {
  readonly word: string;
  readonly doc: string;
}

/** In place of candidates: the shell completes names of files. */
export const FILES: readonly Candidate[] = [{ word: "<file>", doc: "" }];

const TYPES = Object.keys(catalogue);
/** By the operand, or the value of an option, as help writes it. */
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  "<type>": TYPES,
  "<phase>": PHASES,
  "<shell>": SHELLS,
};

const firstWordOf = ({ name }: CommandSpec): string => name.split(" ")[0] ?? "";
const FAMILIES = [
  ...new Set(COMMANDS.filter(({ name }) => name.includes(" ")).map((command) => firstWordOf(command))),
];

/** Names of commands and of families; `help` is followed by them, too. */
export const PATHS: readonly string[] = [
  ...FAMILIES,
  ...FAMILIES.map((family) => `help ${family}`),
  ...COMMANDS.map(({ name }) => name),
];

const dashed = ({ name }: OptionSpec): string => `--${name}`;

/** Options that are followed by a value, of any command. */
export const WITH_VALUE: readonly string[] = [
  ...new Set(COMMANDS.flatMap(optionsOf).flatMap((one) => (one.value === null ? [] : [dashed(one)]))),
];

export function candidatesByPlace(): ReadonlyMap<string, readonly Candidate[]> {
  const verbs = FAMILIES.flatMap((family) => {
    const words = verbsOf(family);
    return [
      [`${family} 1`, words],
      [`help ${family} 1`, words],
      [`${family} -`, optionWords(GLOBAL_OPTIONS)],
    ] as const;
  });
  const all = [
    [" 1", firstWords()],
    [" -", optionWords(GLOBAL_OPTIONS)],
    ["help 1", firstWords()],
    ...verbs,
    ...COMMANDS.flatMap(placesOf),
  ] as const;
  return new Map(all.filter(([, candidates]) => candidates.length > 0));
}

function firstWords(): readonly Candidate[] {
  return [...new Set(COMMANDS.map(firstWordOf))].map((word) => {
    const command = COMMANDS.find(({ name }) => name === word);
    const verbs = verbsOf(word).map((verb) => verb.word);
    return { word, doc: command === undefined ? verbs.join(", ") : firstClause(command.doc) };
  });
}

const verbsOf = (family: string): readonly Candidate[] =>
  COMMANDS.filter(({ name }) => name.startsWith(`${family} `)).map(({ name, doc }) => ({
    word: name.slice(family.length + 1),
    doc: firstClause(doc),
  }));

function placesOf(command: CommandSpec): readonly (readonly [string, readonly Candidate[]])[] {
  const { name, operands } = command;
  const options = optionsOf(command);
  return [
    [`${name} -`, optionWords(options)],
    ...operands.map((operand, index) => [`${name} ${index + 1}`, wordsFor(operand)] as const),
    ...options.map((one) => [`${name} ${dashed(one)}`, wordsFor(one.value ?? "", one.choices)] as const),
  ];
}

const optionWords = (options: readonly OptionSpec[]): readonly Candidate[] =>
  options.map((one) => ({ word: dashed(one), doc: firstClause(one.doc) }));

/** `<hex|base64>` says all there is. */
const CHOICES = /^<([a-z0-9]+(?:\|[a-z0-9]+)+)>$/;

function wordsFor(
  spelled: string,
  choices = KNOWN[spelled] ?? CHOICES.exec(spelled)?.[1]?.split("|") ?? [],
): readonly Candidate[] {
  return spelled === "<file|->" ? FILES : choices.map((word) => ({ word, doc: "" }));
}
