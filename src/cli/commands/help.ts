/** `hookwave help`: the grammar, for people. */
import { VERSION } from "../../wire/version.ts";
import { type Invocation, usage } from "../command-line.ts";
import { type CommandSpec, firstClause, optionsOf, spelling } from "../command-spec.ts";
import { COMMANDS, GROUPS } from "../grammar.ts";
import { GLOBAL_OPTIONS, type OptionSpec } from "../options.ts";
import { printable } from "../printable.ts";
import { type Report, report } from "../report.ts";
import { INDENT } from "../rows.ts";
import type { Shown, Table } from "../table.ts";
import type { Look } from "../terminal.ts";

/** Of a command's sentence, where a terminal is narrower than the rest. */
const MIN_WORDS = 20;

export function help(asked: Invocation, { columns }: Look): Report {
  if (asked.has("version")) return report(VERSION, { version: VERSION });
  const wanted = asked.operands.join(" ");
  if (wanted === "") return report(overview(columns), { commands: COMMANDS, options: GLOBAL_OPTIONS });
  const commands = COMMANDS.filter(({ name }) => name === wanted || name.startsWith(`${wanted} `));
  const [one, ...others] = commands;
  if (one === undefined) throw usage("a command to explain", JSON.stringify(wanted));
  return report(others.length === 0 ? explain(one) : familyText(commands), { commands });
}

const LEADS_ON = "`hookwave help <command>` says more, and lists a command's own options.";

function familyText(commands: readonly CommandSpec[]): Shown {
  return [{ rows: commands.map((command) => [spelling(command), command.doc]) }, "", LEADS_ON];
}

/** A line for each command, under what people want to do. */
function overview(columns: number | null): Shown {
  const width = Math.max(...COMMANDS.map((command) => spelling(command).length));
  const room = Math.max(MIN_WORDS, (columns ?? Number.POSITIVE_INFINITY) - width - 2 * INDENT.length);
  const groups = GROUPS.flatMap(({ title, commands }) => [
    { text: title, hue: "bold" as const },
    { rows: commands.map((command) => [spelling(command).padEnd(width), inShort(command.doc, room)]) },
    "",
  ]);
  return [
    `hookwave ${VERSION}: durable outbound webhooks`,
    "",
    ...groups,
    { text: "Every command", hue: "bold" },
    optionTable(GLOBAL_OPTIONS),
    "",
    LEADS_ON,
    "The service is configured by the environment: docs/configuration.md.",
    "Exit codes: 0 done, 1 failed, 2 not safe, 64 not understood, 78 misconfigured.",
  ];
}

/** The first clause, as much of it as there is room for on one line. */
function inShort(doc: string, room: number): string {
  return printable(firstClause(doc), room);
}

function explain(command: CommandSpec): Shown {
  return [
    { text: `hookwave ${spelling(command)}`, hue: "bold" },
    "",
    command.doc,
    "",
    optionTable(optionsOf(command)),
  ];
}

function optionTable(options: readonly OptionSpec[]): Table {
  return {
    rows: options.map(({ name, value, doc }) => [`--${name}${value === null ? "" : ` ${value}`}`, doc]),
  };
}
