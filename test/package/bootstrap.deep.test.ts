/** scripts/bootstrap.sh with a real npm, in a project so small that npm needs no network. */
import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";

const bootstrap = fileURLToPath(new URL("../../scripts/bootstrap.sh", import.meta.url));
const INSTALLING = "bootstrap: installing dependencies";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hookwave-bootstrap-"));
  mkdirSync(join(folder, "scripts"));
  copyFileSync(bootstrap, join(folder, "scripts/bootstrap.sh"));
  write("scripts/build-if-stale.sh", "exit 0\n");
  mkdirSync(join(folder, "its-node"));
  write(
    "its-node/package.json",
    JSON.stringify({ name: "node", version: "1.0.0", bin: { node: "node.sh" } }),
  );
  write("its-node/node.sh", "#!/bin/sh\n");
  const dependencies = { node: "file:its-node" };
  write("package.json", JSON.stringify({ name: "small", version: "1.0.0", dependencies }));
  npm("install", "--package-lock-only");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const write = (path: string, text: string): void => writeFileSync(join(folder, path), text);
const npm = (...words: readonly string[]) =>
  execFileSync("npm", [...words, "--offline", "--no-audit", "--no-fund"], { cwd: folder });
const told = (): string => {
  const { stderr, status } = spawnSync("sh", ["scripts/bootstrap.sh"], { cwd: folder, encoding: "utf8" });
  expect(status, stderr).toBe(0);
  return stderr;
};

it("installs once", () => {
  expect(told()).toContain(INSTALLING);
  expect(told()).toBe("");
});

it("does not repeat an npm ci that was done by hand", () => {
  npm("ci");
  expect(told()).toBe("");
});

it("installs again where the lock file has changed since", () => {
  npm("ci");
  const later = new Date(Date.now() + 60_000);
  utimesSync(join(folder, "package-lock.json"), later, later);
  expect(told()).toContain(INSTALLING);
});

it("says what npm says where it fails", () => {
  write("package-lock.json", "{");
  const { stderr, status } = spawnSync("sh", ["scripts/bootstrap.sh"], { cwd: folder, encoding: "utf8" });
  expect(status).toBe(1);
  expect(stderr).toMatch(/npm (?:ERR!|error)[\s\S]*bootstrap: npm ci failed/);
});
