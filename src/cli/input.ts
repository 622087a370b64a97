/** Input that a command is given in a file or on standard input: bytes, or an event's data. */
import { readFile } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import { HookwaveError } from "../core/errors.ts";
import { isJsonText } from "../core/json-text.ts";
import { usage } from "./command-line.ts";

/** `-` is standard input. Throws USAGE when the file cannot be read. */
export async function readInput(path: string): Promise<Buffer> {
  if (path === "-") return await buffer(process.stdin);
  return await readFile(path).catch((error: unknown) => {
    const problem = error instanceof Error ? error.message : "unreadable";
    throw usage("a file that can be read", `${path}: ${problem}`);
  });
}

/**
 * JSON text: the words themselves, `@file` or `-`. Text that is none by itself could end the data in the request, and go on
 * with members of its own. Throws EVENT_INVALID, and USAGE as `readInput` does.
 */
export async function readData(source: string): Promise<string> {
  const text = await readText(source);
  if (isJsonText(text)) return text;
  throw new HookwaveError("EVENT_INVALID", {
    expected: "data that is JSON",
    got: `${text.length} characters that are none`,
    remedy: "correct it; a text alone is JSON in double quotes",
  });
}

async function readText(source: string): Promise<string> {
  if (source === "-") return decode(await readInput(source), "standard input");
  if (!source.startsWith("@")) return source;
  const path = source.slice(1);
  return decode(await readInput(path), path);
}

/** Strictly: a decoder that replaces what it cannot read would change what the receiver gets. */
function decode(bytes: Uint8Array, origin: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    const got = `${origin}, which is not`;
    const remedy = "convert it to UTF-8";
    throw new HookwaveError("EVENT_INVALID", { expected: "data in UTF-8", got, remedy }, { cause });
  }
}
