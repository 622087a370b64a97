/** docs/endpoints.md's table of settings and docs/cli.md's tables of options; a test proves that they are up to date. */
import { type CommandSpec, spelling } from "../src/cli/command-spec.ts";
import { COMMANDS } from "../src/cli/grammar.ts";
import { GLOBAL_OPTIONS, type OptionSpec } from "../src/cli/options.ts";
import { defaultText, type Table } from "../src/endpoints/setting.ts";

const SETTINGS_MARKS = /(<!-- settings -->\n)[\s\S]*?(<!-- \/settings -->)/;

/** The page's text with its table renewed between the marks. */
export function renderSettings(page: string, settings: Table): string {
  const rows = Object.entries(settings).map(([name, one]) => {
    const { json, form, doc, option } = one;
    const way = "none" in option ? option.none : `\`--${option.name}\``;
    return [`\`${json}\``, `\`${name}\``, defaultText(one), form.expected, way, doc];
  });
  const heads = ["field", "in code", "default", "takes", "option", "what it does"];
  return page.replace(SETTINGS_MARKS, (_, begin, end) => `${begin}\n${table(heads, rows)}\n\n${end}`);
}

/** The page's text with each command's options renewed below its first sentence. */
export function renderCommands(page: string): string {
  const [preface = "", ...sections] = page.split(/^(?=### `hookwave )/m);
  const written = new Map(sections.map((section) => [/^### `hookwave (.*)`\n/.exec(section)?.[1], section]));
  const head = preface.replace(TABLE, optionTable(GLOBAL_OPTIONS));
  return [head, ...COMMANDS.map((command) => renderSection(command, written.get(spelling(command))))].join(
    "",
  );
}

const TABLE = /^\| option \|[\s\S]*?\n(?=\n|$)/m;

/** A new command has nothing but its own words. */
function renderSection(command: CommandSpec, written: string | undefined): string {
  const options = optionTable(command.options);
  if (written === undefined) return `### \`hookwave ${spelling(command)}\`\n\n${command.doc}\n\n${options}\n`;
  return written.replace(TABLE, options);
}

function optionTable(options: readonly OptionSpec[]): string {
  const rows = options.map(({ name, value, doc }) => [
    `\`--${name}${value === null ? "" : ` ${value}`}\``,
    doc,
  ]);
  return `${table(["option", "what it does"], rows)}\n`;
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(heads), line(heads.map(() => "---")), ...rows.map(line)].join("\n");
}
