import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { readCommandLine } from "../../src/cli/command-line.ts";
import { spelling } from "../../src/cli/command-spec.ts";
import { EXIT } from "../../src/cli/exit-codes.ts";
import { COMMANDS, GROUPS } from "../../src/cli/grammar.ts";
import { GLOBAL_OPTIONS, type OptionSpec } from "../../src/cli/options.ts";
import { widthOf } from "../../src/cli/rows.ts";
import { run } from "../../src/cli/run.ts";
import { plainTerminal } from "../support/plain-terminal.ts";
import { pages, readRepositoryFile } from "../support/repository.ts";

const doc = readRepositoryFile("docs/cli.md");
const [preface = "", ...sections] = doc.split(/^### /m);

const spelled = ({ name, value }: OptionSpec): string => `--${name}${value === null ? "" : ` ${value}`}`;

/** Rows of a Markdown table of options, as [option, what it does]. */
function optionRows(text: string): readonly (readonly string[])[] {
  return [...text.matchAll(/^\| `(--[^`]+)` \| (.*) \|$/gm)].map(([, option = "", does = ""]) => [
    option,
    does,
  ]);
}

const rowsOf = (options: readonly OptionSpec[]) => options.map((option) => [spelled(option), option.doc]);

function help(...words: readonly string[]): Promise<string> {
  return helpAcross(null, words);
}

async function helpAcross(columns: number | null, words: readonly string[]): Promise<string> {
  let text = "";
  const write = (more: string): void => {
    text += more;
  };
  await run(["help", ...words], { ...plainTerminal({ write, writeError: write }), columns });
  return text;
}

describe("docs/cli.md", () => {
  it("has every command of the grammar, and no other", () => {
    const headings = sections.map((section) => /^`hookwave (.*)`\n/.exec(section)?.[1]);
    expect(headings).toEqual(COMMANDS.map(spelling));
  });

  it.each(COMMANDS.map((command, index) => [command.name, command, sections[index] ?? ""] as const))(
    "has the options of %s, in the same words",
    (_, command, section) => {
      expect(section).toContain(command.doc);
      expect(optionRows(section)).toEqual(rowsOf(command.options));
    },
  );

  it("has the options of every command", () => {
    expect(optionRows(preface)).toEqual(rowsOf(GLOBAL_OPTIONS));
  });

  it("has every exit code", () => {
    const codes = [...preface.matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code));
    expect(codes).toEqual(Object.values(EXIT));
  });
});

describe("a command that a page shows", () => {
  const shown = pages().flatMap((page) => {
    const blocks = readRepositoryFile(page).matchAll(/```sh\n([\s\S]*?)```/g);
    return [...blocks].flatMap(([, code = ""]) =>
      [...code.matchAll(/npx hookwave ([^|;#\n]*)/g)].map(([, words = ""]) => [page, words.trim()] as const),
    );
  });

  it("is there, on several pages", () => {
    expect(new Set(shown.map(([page]) => page)).size).toBeGreaterThan(2);
  });

  it.each(shown)("%s: %s, is understood", (_, words) => {
    // A shell splits them, so that quotes mean what they mean to a reader who pastes them.
    const { stdout } = spawnSync("sh", ["-c", `printf '%s\\0' ${words}`], { env: { SECRET: "s", id: "i" } });
    expect(() => readCommandLine(String(stdout).split("\0").slice(0, -1))).not.toThrow();
  });
});

describe("hookwave help", () => {
  it("has every command and the options of every command", async () => {
    const text = await help();
    for (const command of COMMANDS) expect(text).toContain(`  ${spelling(command)}  `);
    for (const option of GLOBAL_OPTIONS) expect(text).toContain(`  ${spelled(option)}  `);
  });

  it("has a line for each command under a title, and no line too long for 80 columns", async () => {
    const lines = (await helpAcross(80, [])).split("\n");
    expect(lines.filter((line) => widthOf(line) > 80)).toEqual([]);
    for (const { title, commands } of GROUPS) {
      const at = lines.indexOf(title) + 1;
      const shown = lines.slice(at, at + commands.length);
      expect(shown.map((line) => line.slice(2).split(/ {2,}/)[0])).toEqual(commands.map(spelling));
    }
  });

  it("folds the commands of a family where a terminal is narrow, and loses no word of them", async () => {
    const text = await helpAcross(60, ["endpoints"]);
    const rows = text.slice(0, text.indexOf("`hookwave")).split("\n");
    expect(rows.filter((line) => widthOf(line) > 60)).toEqual([]);
    const family = COMMANDS.filter(({ name }) => name.startsWith("endpoints "));
    const words = family.flatMap(({ doc }) => doc.split(" "));
    expect(words.filter((word) => !text.includes(word))).toEqual([]);
  });

  it.each(COMMANDS.map((command) => [command.name, command] as const))(
    "explains %s",
    async (name, command) => {
      const text = await help(...name.split(" "));
      for (const option of command.options) expect(text).toContain(`  ${spelled(option)}  `);
    },
  );
});
