/**
 * The packages as npm would publish them, each in an empty folder. Dependencies are linked to those of this repository,
 * so that nothing comes over the network; everything else is what a stranger gets.
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
  /** The folder for a program that imports it. */
  readonly folder: string;
  /** Writes a file into the folder; returns its path. */
  readonly write: (name: string, text: string) => string;
}

/** Throws when dist is older than src: it would be the test of another package. */
export function packHookwave(): Packed {
  insistOnFreshBuild();
  const packed = pack(root);
  unpack(packed, "hookwave");
  const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  for (const name of Object.keys(dependencies)) linkFromHere(packed.folder, name);
  return packed;
}

/** The receiver kit, which has no dependencies: npm itself installs it, without a network. */
export function packReceiver(): Packed {
  insistOnFreshBuild();
  const packed = pack(join(root, "clients/receiver/dist"));
  const words = ["install", "--offline", "--no-audit", "--no-fund", "--omit=peer", packed.tarball];
  execFileSync("npm", words, { cwd: packed.folder });
  return packed;
}

/** A package of this repository lends one of its development dependencies to a program in the folder. */
export function linkFromHere(folder: string, name: string): void {
  const link = join(folder, "node_modules", name);
  mkdirSync(dirname(link), { recursive: true });
  symlinkSync(join(root, "node_modules", name), link);
}

/** Unpacks it beside another one, as if both had been installed. */
export function unpack({ tarball, folder }: Packed, name: string): string {
  const installed = join(folder, "node_modules", name);
  mkdirSync(installed, { recursive: true });
  execFileSync("tar", ["-xzf", tarball, "--strip-components=1", "-C", installed]);
  return installed;
}

function pack(source: string): Packed {
  const folder = mkdtempSync(join(tmpdir(), "hookwave-package-"));
  // Without its scripts: `prepare` would build into the dist that other tests are running from.
  const words = ["pack", "--ignore-scripts", "--json", "--pack-destination", folder];
  const [{ filename }] = JSON.parse(execFileSync("npm", words, { cwd: source, encoding: "utf8" }));
  const write = (file: string, text: string): string => {
    const path = join(folder, file);
    writeFileSync(path, text);
    return path;
  };
  write("package.json", '{ "name": "stranger", "private": true, "type": "module" }');
  const tarball = join(folder, filename);
  return { tarball, folder, write, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
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
