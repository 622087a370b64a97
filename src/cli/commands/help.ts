/** `hookwave help`: the grammar, for people. */
import { VERSION } from "../../wire/version.ts";
import { type Invocation, usage } from "../command-line.ts";
import { COMMANDS, type CommandSpec, optionsOf } from "../grammar.ts";
import { GLOBAL_OPTIONS, type OptionSpec } from "../options.ts";
import { type Report, report } from "../report.ts";
import { alignRows } from "../rows.ts";

export function help(asked: Invocation): Report {
  if (asked.has("version")) return report(VERSION, { version: VERSION });
  const wanted = asked.operands.join(" ");
  if (wanted === "") return report(overview(), { commands: COMMANDS, options: GLOBAL_OPTIONS });
  const commands = COMMANDS.filter(({ name }) => name === wanted || name.startsWith(`${wanted} `));
  if (commands.length === 0) throw usage("a command to explain", JSON.stringify(wanted));
  return report(commands.map(explain).join("\n\n"), { commands });
}

function overview(): string {
  const commands = COMMANDS.map((command) => [spelling(command), command.doc]);
  return `hookwave ${VERSION}: durable outbound webhooks

Commands
${alignRows(commands)}

Every command
${optionRows(GLOBAL_OPTIONS)}

\`hookwave help <command>\` lists a command's own options. The service is configured by the environment:
docs/configuration.md. Exit codes: 0 done, 1 failed, 2 not safe, 64 not understood, 78 misconfigured.`;
}

function explain(command: CommandSpec): string {
  return `hookwave ${spelling(command)}\n\n${command.doc}\n\n${optionRows(optionsOf(command))}`;
}

const spelling = ({ name, operands }: CommandSpec): string => [name, ...operands].join(" ");

function optionRows(options: readonly OptionSpec[]): string {
  return alignRows(
    options.map(({ name, value, doc }) => [`--${name}${value === null ? "" : ` ${value}`}`, doc]),
  );
}
