/** A release, tried in a repository of its own: what it refuses, what it writes, and that it publishes nothing by itself. */
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { RELEASED_PATHS } from "../../scripts/released-files.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const SCRIPT = join(root, "scripts/release.ts");

interface Repository {
  readonly git: (...words: readonly string[]) => string;
  readonly read: (path: string) => string;
  readonly write: (path: string, text: string) => void;
  readonly release: (...words: readonly string[]) => { readonly code: number | null; readonly said: string };
}

type Refusal = readonly [
  what: string,
  spoil: (one: Repository) => unknown,
  words: readonly string[],
  says: string,
];

/** Holds the files that a release touches, as they are here. */
function repository(): Repository {
  const folder = mkdtempSync(join(tmpdir(), "hookwave-release-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  execFileSync("git", ["init", "--quiet", folder]);
  const git = (...words: readonly string[]): string =>
    execFileSync("git", words, { cwd: folder, encoding: "utf8" }).trim();
  git("config", "user.name", "Releaser");
  git("config", "user.email", "releaser@example.com");
  for (const path of ["README.md", ...RELEASED_PATHS])
    cpSync(join(root, path), join(folder, path), { recursive: true });
  git("add", ".");
  git("commit", "--quiet", "--message", "As it is here");
  return {
    git,
    read: (path) => readFileSync(join(folder, path), "utf8"),
    write: (path, text) => writeFileSync(join(folder, path), text),
    release: (...words) => {
      const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, ...words], {
        cwd: folder,
        encoding: "utf8",
      });
      return { code: status, said: stdout + stderr };
    },
  };
}

describe("a release", () => {
  it("writes the version everywhere and the changelog's date, commits and tags, and publishes nothing", () => {
    const { git, read, release } = repository();
    const today = new Date().toISOString().slice(0, 10);
    expect(release("7.8.9", "--check", "true")).toEqual({
      code: 0,
      said: expect.stringContaining("published nothing"),
    });
    expect(JSON.parse(read("package.json")).version).toBe("7.8.9");
    const lock = JSON.parse(read("package-lock.json"));
    expect([lock.version, lock.packages[""].version]).toEqual(["7.8.9", "7.8.9"]);
    expect(read("src/wire/version.ts")).toContain('VERSION = "7.8.9"');
    expect(JSON.parse(read("docs/openapi.json")).info.version).toBe("7.8.9");
    expect(read("CHANGELOG.md")).toMatch(new RegExp(`## Unreleased\n\n## 7\\.8\\.9 \\(${today}\\)\n\n\\S`));
    expect(git("log", "-1", "--format=%s")).toBe("Release 7.8.9");
    expect(git("tag", "--points-at", "HEAD")).toBe("v7.8.9");
    expect(git("status", "--porcelain")).toBe("");
    expect(git("show", "--stat=200", "--format=", "HEAD").match(/\|/g)).toHaveLength(RELEASED_PATHS.length);
  });

  it("shows with --dry-run what it would do, and does nothing", () => {
    const { git, release } = repository();
    const head = git("rev-parse", "HEAD");
    const { code, said } = release("7.8.9", "--dry-run", "--check", "false");
    expect(code).toBe(0);
    expect(said).toContain('commit "Release 7.8.9" and tag v7.8.9');
    expect(git("status", "--porcelain")).toBe("");
    expect([git("rev-parse", "HEAD"), git("tag")]).toEqual([head, ""]);
  });

  const refusals: readonly Refusal[] = [
    [
      "a tree that is not clean",
      (one: Repository) => one.write("README.md", "changed"),
      ["7.8.9"],
      "a clean tree",
    ],
    ["checks that fail", () => undefined, ["7.8.9", "--check", "false"], "expected false to succeed"],
    ["no version", () => undefined, [], "expected a version, got none"],
    ["what is no version", () => undefined, ["v7"], "like 1.2.3"],
    ["a version that has a tag", (one: Repository) => one.git("tag", "v7.8.9"), ["7.8.9"], "which has a tag"],
    [
      "a version in which nothing is new",
      (one: Repository) => {
        one.write("CHANGELOG.md", "# Changelog\n\n## Unreleased\n\n## 0.1.0 (2026-01-31)\n\n- All of it.\n");
        one.git("commit", "--quiet", "--all", "--message", "Nothing new");
      },
      ["7.8.9"],
      "expected changes under",
    ],
  ];
  it.each(refusals)("refuses %s, and changes nothing", (_, spoil, words, says) => {
    const one = repository();
    spoil(one);
    const head = one.git("rev-parse", "HEAD");
    const { code, said } = one.release(...words);
    expect(code).toBe(1);
    expect(said).toContain(says);
    expect(one.git("rev-parse", "HEAD")).toBe(head);
  });
});
