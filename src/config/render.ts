/**
 * Writes the settings' table for people: .env.example, docs/configuration.md, the options of docs/embedding.md and the README's table. Pure text; scripts/render-docs.ts
 * puts it into the files and a test proves that they are up to date.
 */
import { configWith } from "./environment.ts";
import type { Setting } from "./setting.ts";
import { SETTINGS } from "./settings.ts";

/** Up to 100 characters, ending at a space. */
const LINE = /.{1,100}(?: |$)/g;

export function renderEnvExample(): string {
  const head =
    "# Every setting with its default. Written by scripts/render-docs.ts from src/config/settings.ts.\n";
  const groups = groupsOf().map(
    ([group, settings]) => `# --- ${group} ---\n\n${settings.map(envEntry).join("\n")}`,
  );
  return [head, ...groups].join("\n");
}

function envEntry(setting: Setting): string {
  const lines = wrap(`${setting.doc} Takes ${setting.expected}.`).map((line) => `# ${line}`);
  return `${lines.join("\n")}\n# ${setting.variable}=${setting.default ?? ""}\n`;
}

function wrap(text: string): readonly string[] {
  const lines = text.match(LINE) ?? [];
  return lines.map((line) => line.trimEnd());
}

const CONFIGURATION_HEAD = `# Configuration

Hookwave is configured by environment variables. All are checked at start: if any cannot work, every problem is listed
with its remedy and nothing is started (exit code 78). An empty variable counts as unset. Durations are seconds, or a
number with a unit: \`250ms\`, \`15s\`, \`2m\`, \`24h\`, \`3d\`. Variables that start with \`WEBHOOK_\` or \`HOOKWAVE_\` and are
none of these are reported at start, with the nearest name that exists. Values marked *secret* are in no message and no log,
and each may come from a file: \`HOOKWAVE_API_KEY_FILE=/run/secrets/api_key\` instead of \`HOOKWAVE_API_KEY\`.

This page is written by \`node scripts/render-docs.ts\` from \`src/config/settings.ts\`.
`;

export function renderConfigurationDoc(): string {
  const groups = groupsOf().map(([group, settings]) => `## ${group}\n\n${table(settings)}\n`);
  return [CONFIGURATION_HEAD, ...groups].join("\n");
}

const README_MARKS = /(<!-- settings -->\n)[\s\S]*?(<!-- \/settings -->)/;

/** The README's text with its settings' table renewed between the marks. */
export function renderReadme(readme: string): string {
  const rows = SETTINGS.map(
    ({ variable, default: value, doc }) => `| \`${variable}\` | ${value ? `\`${value}\`` : "–"} | ${doc} |`,
  );
  const text = ["| variable | default | what it does |", "| --- | --- | --- |", ...rows].join("\n");
  return readme.replace(README_MARKS, `$1\n${text}\n\n$2`);
}

const OPTION_MARKS = /(<!-- options -->\n)[\s\S]*?(<!-- \/options -->)/;

/** The text of docs/embedding.md with its options' table renewed between the marks. */
export function renderOptions(page: string): string {
  const defaults: Readonly<Record<string, unknown>> = { ...configWith({}) };
  const rows = SETTINGS.map(({ key, variable, inCode }) => {
    const value = JSON.stringify(defaults[key]).replaceAll("|", "\\|");
    return `| \`${key}\` | ${inCode.expected} | \`${value}\` | \`${variable}\` |`.replaceAll("<", "&lt;");
  });
  const text = ["| option | takes | default | variable |", "| --- | --- | --- | --- |", ...rows].join("\n");
  return page.replace(OPTION_MARKS, `$1\n${text}\n\n$2`);
}

function table(settings: readonly Setting[]): string {
  const head = "| variable | default | unit | takes | what it does |\n| --- | --- | --- | --- | --- |";
  return [head, ...settings.map(row)].join("\n");
}

function row(setting: Setting): string {
  const defaultText = setting.default ? `\`${setting.default}\`` : "–";
  const takes = setting.isSecret === true ? `${setting.expected} (*secret*)` : setting.expected;
  return `| \`${setting.variable}\` | ${defaultText} | ${setting.unit ?? "–"} | ${takes} | ${setting.doc} |`.replaceAll(
    "<",
    "&lt;",
  );
}

const groupsOf = () => [...Map.groupBy(SETTINGS, ({ group }) => group)];
