/** Takes the examples out of a page and runs them as they stand, as a user would who copied them. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { COMPILE_CACHE } from "./workers.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** The code of a page's fenced blocks in one language, in order. */
export async function examplesOf(page: string, language: string): Promise<readonly string[]> {
  const text = await readFile(join(root, page), "utf8");
  const blocks = text.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, "g"));
  return [...blocks].map(([, code]) => code ?? "");
}

/** A folder inside the package, so that examples find `hookwave` under its own name. */
export async function exampleFolder(): Promise<
  AsyncDisposable & { readonly write: (name: string, code: string) => Promise<string> }
> {
  await mkdir(join(root, ".hookwave"), { recursive: true });
  const folder = await mkdtemp(join(root, ".hookwave", "example-"));
  return {
    write: async (name, code) => {
      const path = join(folder, name);
      await writeFile(path, code);
      return path;
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Runs a script with Node; resolves with what it printed, rejects with what it complained of. */
export async function runExample(path: string, env: Readonly<Record<string, string>>): Promise<string> {
  const child = spawn(process.execPath, [path], {
    cwd: root,
    env: { NODE_COMPILE_CACHE: COMPILE_CACHE, ...process.env, ...env },
  });
  let printed = "";
  let complained = "";
  child.stdout.on("data", (chunk) => {
    printed += chunk;
  });
  child.stderr.on("data", (chunk) => {
    complained += chunk;
  });
  const [exitCode] = await once(child, "close");
  if (exitCode !== 0) throw new Error(`${path} exited with ${exitCode}: ${complained}`);
  return printed;
}
