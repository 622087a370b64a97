/** Bytes that a command is given in a file or on standard input. */
import { readFile } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import { usage } from "./command-line.ts";

/** `-` is standard input. Throws USAGE when the file cannot be read. */
export async function readInput(path: string): Promise<Buffer> {
  if (path === "-") return await buffer(process.stdin);
  return await readFile(path).catch((error: unknown) => {
    const problem = error instanceof Error ? error.message : "unreadable";
    throw usage("a file that can be read", `${path}: ${problem}`);
  });
}
