/**
 * The encryption key when none is configured: generated once and kept in a file of the data directory, for
 * development. In production the key belongs in HOOKWAVE_ENCRYPTION_KEY, away from the data it seals.
 */
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { codeOf, HookwaveError } from "../core/errors.ts";

const KEY_BYTES = 32;
const FILE_NAME = "encryption.key";

export async function loadOrCreateKey(
  dataDir: string,
): Promise<{ readonly key: Buffer; readonly path: string }> {
  const path = join(dataDir, FILE_NAME);
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  try {
    // Exclusive, so that of two processes that start together one writes and both read the same key.
    await writeFile(path, `${randomBytes(KEY_BYTES).toString("base64")}\n`, { mode: 0o600, flag: "wx" });
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
  }
  const key = Buffer.from(await readFile(path, "utf8"), "base64");
  if (key.length === KEY_BYTES) return { key, path };
  throw new HookwaveError("CONFIG_INVALID", {
    expected: `the base64 of ${KEY_BYTES} bytes in ${path}`,
    got: `${key.length} bytes`,
    remedy: "restore the file, or remove it and add the endpoints again",
  });
}

/** Has a key been generated for this directory? */
export const hasKey = (dataDir: string): boolean => existsSync(join(dataDir, FILE_NAME));

export interface KeyFile {
  readonly path: string;
  /** Null where it cannot be read, or holds no key. */
  readonly key: Buffer | null;
  /** May others on this machine than its owner read or change it? */
  readonly isOpenToOthers: boolean;
}

/** The key as it lies there, without making one; null where there is none. */
export async function readKeyFile(dataDir: string): Promise<KeyFile | null> {
  const path = join(dataDir, FILE_NAME);
  const found = await stat(path).catch(unlessMissing);
  if (found === null) return null;
  const isOpenToOthers = (found.mode & OTHERS) !== 0;
  const text = await readFile(path, "utf8").catch(unlessForbidden);
  const key = text === null ? null : Buffer.from(text, "base64");
  return { path, key: key?.length === KEY_BYTES ? key : null, isOpenToOthers };
}

/** All rights of the group and of everybody. */
const OTHERS = 0o077;

function unlessMissing(error: unknown): null {
  if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return null;
  throw error;
}

function unlessForbidden(error: unknown): null {
  if (codeOf(error) === "EACCES") return null;
  throw error;
}
