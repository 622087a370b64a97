/** The form of one command in the grammar: its name, what follows it, and its options. */
import { GLOBAL_OPTIONS, type OptionSpec, serviceOptions } from "./options.ts";

export interface CommandSpec {
  /** As it is written: `dead-letters replay`. */
  readonly name: string;
  /** Words that follow the name, in order; `[…]` marks what may be left out, and a last `<…>…` may be several. */
  readonly operands: readonly string[];
  readonly doc: string;
  readonly options: readonly OptionSpec[];
}

/** At the end of an operand that may be several. */
export const AND_MORE = "…";

/** `spelling`: its name and operands, as they are written. */
export function command(spelling: string, doc: string, options: readonly OptionSpec[] = []): CommandSpec {
  const words = spelling.split(" ");
  const isOperand = (word: string): boolean => /^[<[]/.test(word);
  const name = words.filter((word) => !isOperand(word)).join(" ");
  return { name, operands: words.filter(isOperand), doc, options };
}

/** One that speaks to the service. */
export function remote(spelling: string, doc: string, options: readonly OptionSpec[] = []): CommandSpec {
  return command(spelling, doc, [...options, ...serviceOptions]);
}

export const spelling = ({ name, operands }: CommandSpec): string => [name, ...operands].join(" ");

/** Enough of a sentence to know what it is about. */
export const firstClause = (doc: string): string => doc.split(/[;:]| \(|\.(?: |$)/)[0] ?? "";

/** Written after the dashes. */
export function optionsOf(command: CommandSpec): readonly OptionSpec[] {
  return [...command.options, ...GLOBAL_OPTIONS];
}
