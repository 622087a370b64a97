/**
 * The data directory is its user's alone: it holds what was published, and secrets. What is ours in it is tightened, as
 * older versions left it readable for everybody; a folder that holds anything else as well may be anybody's (`/tmp`), and
 * keeps its own mode.
 */
import { chmod, lstat, mkdir, readdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import { codeOf } from "../core/errors.ts";

const OURS = /^(?:appendonlydir|appendonly\.aof|dump\.rdb|temp-.*|redis\..*|encryption\.key)$/;
const OWNER = 0o700;
/** Everything but what the owner may do. */
const OTHERS = 0o077;

/** Makes the directory where there is none. */
export async function openDataDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: OWNER });
  const names = await readdir(path);
  const ours = names.filter((name) => OURS.test(name));
  if (ours.length === names.length) await tighten(await realpath(path));
  for (const name of ours) await tightenAll(join(path, name));
}

async function tightenAll(path: string): Promise<void> {
  const isFolder = await tighten(path);
  if (isFolder) for (const name of await readdir(path)) await tightenAll(join(path, name));
}

/** Is there a folder? What another user owns is theirs to tighten; what has gone meanwhile needs it no more. */
async function tighten(path: string): Promise<boolean> {
  try {
    const found = await lstat(path);
    if (!found.isSymbolicLink() && (found.mode & OTHERS) !== 0 && found.uid === process.getuid?.())
      await chmod(path, found.mode & OWNER);
    return found.isDirectory();
  } catch (error) {
    if (codeOf(error) === "ENOENT") return false;
    throw error;
  }
}
