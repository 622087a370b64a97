/** The scripts of completion, in the shells that they are for. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { candidatesByPlace } from "../../../src/cli/completion/candidates.ts";
import { completionScript } from "../../../src/cli/completion/scripts.ts";
import { SHELLS } from "../../../src/cli/completion/shells.ts";
import { COMMANDS } from "../../../src/cli/grammar.ts";
import { PROFILE_NAMES } from "../../../src/core/endpoint.ts";
import { toolPath } from "../../support/tools.ts";

const directory = mkdtempSync(join(tmpdir(), "hookwave-completion-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const scripts = new Map(
  SHELLS.map((shell) => {
    const path = join(directory, shell);
    writeFileSync(path, `${completionScript(shell)}\n`);
    return [shell, path] as const;
  }),
);
writeFileSync(join(directory, "capture one.json"), "{}");

/** Prints what is offered for the last of the words, a line each. */
const ASK: Readonly<Record<"bash" | "fish", string>> = {
  bash: `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _hookwave; printf '%s\\n' "\${COMPREPLY[@]}"`,
  fish: "source $argv[1]; complete -C (string join ' ' -- $argv[2..-1])",
};

/** Null where there is no such shell. */
function offered(shell: "bash" | "fish", words: readonly string[]): readonly string[] | null {
  const path = toolPath(shell);
  if (path === null) return null;
  const script = scripts.get(shell) ?? "";
  const before = shell === "bash" ? ["-c", ASK.bash, "bash"] : ["--no-config", "-c", ASK.fish];
  const { stdout, stderr } = spawnSync(path, [...before, script, "hookwave", ...words], { cwd: directory });
  expect(String(stderr)).toBe("");
  return String(stdout)
    .split("\n")
    .filter(Boolean)
    .map((line) => line.split("\t")[0] ?? "")
    .toSorted();
}

const CASES: readonly (readonly [readonly string[], readonly string[]])[] = [
  [["en"], ["endpoints"]],
  [["endpoints", "d"], ["disable"]],
  [
    ["help", "keys", ""],
    ["create", "list", "revoke"],
  ],
  [
    ["migration", "set", ""],
    ["dual", "primary", "redis", "webhook"],
  ],
  [["migration", "set", "dual", "--back"], ["--backlog"]],
  [
    ["deliveries", "list", "--status", ""],
    ["buried", "cancelled", "delivered", "held", "retrying"],
  ],
  // The value of an option is no word of the command.
  [["endpoints", "--api", "list", "li"], ["list"]],
  [["endpoints", "list", "--json", "--a"], ["--api"]],
  [["endpoints", "add", "https://example.com", "--profile", ""], PROFILE_NAMES.toSorted()],
  [
    ["endpoints", "set", "acme", "--signature-encoding", ""],
    ["base64", "hex"],
  ],
  [["verify", "capt"], ["capture one.json"]],
  [["endpoints", "show", "acme", "x"], []],
  [["keys", "create", "--role", "a"], ["admin"]],
];

describe.each(["bash", "fish"] as const)("completion in %s", (shell) => {
  it.for(CASES)("offers for %j %j", ([words, expected], { skip }) => {
    const candidates = offered(shell, words);
    if (candidates === null) return skip(`${shell} is not there: apt-get install ${shell}`);
    expect(candidates).toEqual(expected);
  });
});

/** A terminal of zsh's own, in which the words are typed and the key Tab is pressed; the word must be whole then. */
const TYPE = `
zmodload zsh/zpty
zpty typed 'TERM=dumb PS1= zsh -f -i'
zpty -w typed "autoload -Uz compinit; compinit -u -D; eval \\"\\$(<$1)\\"; cd $2; echo read''y"
zpty -r typed seen '*ready*'
zpty -w -n typed "$3"$'\\t'
zpty -r typed seen "*$4*"
print -r -- "$seen"
zpty -d typed`;

describe("completion in zsh", () => {
  it.for([
    ["hookwave endpoints disa", "disable "],
    ["hookwave migration set prim", "primary "],
    ["hookwave endpoints list --jso", "--json "],
    ["hookwave deliveries list --status buri", "buried "],
    ["hookwave help dead-letters pur", "purge "],
    ["hookwave verify capt", "capture\\ one.json"],
  ] as const)("makes of %j %j", ([typed, completed], { skip }) => {
    const path = toolPath("zsh");
    if (path === null) return skip("zsh is not there: apt-get install zsh");
    const script = scripts.get("zsh") ?? "";
    const { stdout } = spawnSync(path, ["-f", "-c", TYPE, "zsh", script, directory, typed, completed], {
      timeout: 20_000,
    });
    expect(String(stdout)).toContain(completed);
  });
});

describe("the candidates", () => {
  it("are every command and every option of the grammar", () => {
    const places = candidatesByPlace();
    const words = (place: string) => (places.get(place) ?? []).map(({ word }) => word);
    for (const { name, options } of COMMANDS) {
      const [first = "", second] = name.split(" ");
      expect(words(" 1")).toContain(first);
      if (second !== undefined) expect(words(`${first} 1`)).toContain(second);
      expect(words(`${name} -`)).toEqual(expect.arrayContaining(options.map((one) => `--${one.name}`)));
    }
  });
});
