/**
 * Releases a version: `node scripts/release.ts 0.2.0`. It insists on a clean tree and on what CI checks, writes the
 * version and the changelog's date, commits and tags. It pushes nothing, and publishes only when told to (`--publish`).
 */
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { RELEASED_PATHS, releasedTexts, type Texts, unreleasedNotes } from "./released-files.ts";

const USAGE = `usage: node scripts/release.ts <version> [--dry-run] [--publish] [--check <command>]
  --dry-run   show what would change, and change nothing
  --publish   publish both packages to npm afterwards
  --check     what must succeed first, instead of .ci/run`;

const root = git("rev-parse", "--show-toplevel");

function git(...words: readonly string[]): string {
  return execFileSync("git", words, { cwd: process.cwd(), encoding: "utf8" }).trim();
}

function sh(command: string): void {
  const { status } = spawnSync("sh", ["-c", command], { cwd: root, stdio: "inherit" });
  if (status !== 0) refuse(`expected ${command} to succeed, got exit code ${status}; mend it first`);
}

function refuse(problem: string): never {
  console.error(`release: ${problem}`);
  process.exit(1);
}

function insistOnVersion(version: string | undefined): string {
  if (version === undefined) refuse(`expected a version, got none\n${USAGE}`);
  if (!/^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$/.test(version))
    refuse(`expected a version like 1.2.3, got ${JSON.stringify(version)}\n${USAGE}`);
  if (git("tag", "--list", `v${version}`) !== "")
    refuse(`expected a version that is new, got ${version}, which has a tag; choose the next one`);
  return version;
}

function insistOnCleanTree(): void {
  const changed = git("status", "--porcelain");
  if (changed !== "") refuse(`expected a clean tree, got\n${changed}\ncommit or stash it first`);
}

function readTexts(): Texts {
  return Object.fromEntries(RELEASED_PATHS.map((path) => [path, readFileSync(join(root, path), "utf8")]));
}

function commitAndTag(version: string, notes: string): void {
  git("add", ...RELEASED_PATHS);
  git("commit", "--quiet", "--message", `Release ${version}`, "--message", notes);
  git("tag", "--annotate", `v${version}`, "--message", `Hookwave ${version}`);
}

/** The build is made anew: it holds the version. */
function publish(): void {
  sh("npm run --silent build && npm publish && npm publish ./clients/receiver/dist");
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    "dry-run": { type: "boolean", default: false },
    publish: { type: "boolean", default: false },
    check: { type: "string", default: "bash .ci/run" },
  },
});
const version = insistOnVersion(positionals[0]);
insistOnCleanTree();
const before = readTexts();
const notes = unreleasedNotes(before["CHANGELOG.md"] ?? "");
const after = releasedTexts(before, { version, date: new Date().toISOString().slice(0, 10) });

if (values["dry-run"]) {
  console.log(`would run "${values.check}", write ${version} into ${RELEASED_PATHS.join(", ")},`);
  console.log(
    `commit "Release ${version}" and tag v${version}${values.publish ? ", and publish both packages" : ""}.`,
  );
  console.log(`\n${notes}`);
} else {
  sh(values.check);
  insistOnCleanTree();
  for (const [path, text] of Object.entries(after)) writeFileSync(join(root, path), text);
  commitAndTag(version, notes);
  console.log(`released ${version} here: git push --follow-tags origin HEAD shares it`);
  if (values.publish) publish();
  else console.log("published nothing: --publish would");
}
