/** The console's page as it is now, built once for all tests of a process. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { buildConsole } from "../../scripts/build-console.ts";

let built: Promise<URL> | null = null;

export function builtConsole(): Promise<URL> {
  built ??= build();
  return built;
}

async function build(): Promise<URL> {
  const folder = mkdtempSync(join(tmpdir(), "hookwave-console-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  await buildConsole(fileURLToPath(new URL("../../", import.meta.url)), folder);
  return pathToFileURL(`${folder}/`);
}
