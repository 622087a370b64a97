/**
 * Modules that a program loads, as Node's own module loader tells them: proof that does not depend on the machine's
 * speed.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const TELL = fileURLToPath(new URL("tell-loads.ts", import.meta.url));
const TIMEOUT_MS = 30_000;

export interface Loads {
  readonly stdout: string;
  readonly stderr: string;
  /** By URL, each once, Node's own modules left out. */
  readonly modules: readonly string[];
  /** The packages among them that lie in a node_modules, sorted. */
  readonly packages: readonly string[];
}

/** Runs Node with these words to its end. */
export function loadsOf(words: readonly string[], cwd = process.cwd()): Loads {
  const { output, error } = spawnSync(process.execPath, ["--import", TELL, ...words], {
    cwd,
    env: { PATH: process.env["PATH"] ?? "" },
    stdio: ["ignore", "pipe", "pipe", "pipe"],
    encoding: "utf8",
    timeout: TIMEOUT_MS,
  });
  if (error !== undefined) throw error;
  const [, stdout = "", stderr = "", told = ""] = output.map((text) => text ?? "");
  const modules = [...new Set(told.split("\n"))].filter((url) => url.startsWith("file:"));
  const packages = modules.flatMap((url) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1] ?? []);
  return { stdout, stderr, modules, packages: [...new Set(packages)].sort() };
}
