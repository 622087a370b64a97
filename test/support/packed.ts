/**
 * The package as npm would publish it, installed into an empty folder. Its dependencies are linked to those of this
 * repository, so that nothing comes over the network; everything else is what a stranger gets.
 */
import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));

export interface Packed extends Disposable {
  /** The tarball. */
  readonly tarball: string;
  /** Where a program can be put that imports it. */
  readonly folder: string;
  /** The package in that folder's node_modules. */
  readonly installed: string;
  /** Writes a file into the folder; returns its path. */
  readonly write: (name: string, text: string) => string;
}

/** Throws when dist is older than src: it would be the test of another package. */
export function packHookwave(): Packed {
  insistOnFreshBuild();
  const packed = unpack("hookwave", root);
  const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  for (const name of Object.keys(dependencies)) linkFromHere(packed.folder, name);
  return packed;
}

/** A package of this repository lends one of its development dependencies to a program in the folder. */
export function linkFromHere(folder: string, name: string): void {
  const link = join(folder, "node_modules", name);
  mkdirSync(dirname(link), { recursive: true });
  symlinkSync(join(root, "node_modules", name), link);
}

function unpack(name: string, source: string): Packed {
  const folder = mkdtempSync(join(tmpdir(), "hookwave-package-"));
  // Without its scripts: `prepare` would build into the dist that other tests are running from.
  const words = ["pack", "--ignore-scripts", "--json", "--pack-destination", folder];
  const [{ filename }] = JSON.parse(execFileSync("npm", words, { cwd: source, encoding: "utf8" }));
  const tarball = join(folder, filename);
  const installed = join(folder, "node_modules", name);
  mkdirSync(installed, { recursive: true });
  execFileSync("tar", ["-xzf", tarball, "--strip-components=1", "-C", installed]);
  const write = (file: string, text: string): string => {
    const path = join(folder, file);
    writeFileSync(path, text);
    return path;
  };
  write("package.json", '{ "name": "stranger", "private": true, "type": "module" }');
  return { tarball, folder, installed, write, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}

function insistOnFreshBuild(): void {
  const builtAt = statSync(join(root, "dist/main.js"), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" });
  const newer = sources.find(
    (path) => path.endsWith(".ts") && statSync(join(root, "src", path)).mtimeMs > builtAt,
  );
  if (newer !== undefined)
    throw new Error(`expected dist to be built from src, got src/${newer} newer; npm run build`);
}
