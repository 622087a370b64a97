/**
 * Folders that are made anew beside the old ones, and take their places whole: whoever uses one meanwhile, as tests do that
 * run beside a build, finds all of it but for the moment between two renames. A build that fails changes nothing.
 */
import { mkdirSync, renameSync, rmdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";

/** Another build may put its own there between our two renames. */
const TRIES = 20;

/** `make` fills the folder that it is given; `swap` puts a part of it in the place of another folder. */
export async function inStaging(root: string, make: (staging: string) => Promise<void>): Promise<void> {
  // Ignored by git, Docker and the linter, and on the same disk.
  const staging = join(root, `.hookwave/build-${process.pid}`);
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(staging, { recursive: true });
  try {
    await make(staging);
  } finally {
    rmSync(staging, { recursive: true, force: true });
    removeIfEmpty(dirname(staging));
  }
}

/** The old one goes into the folder of the new one, which is to be removed. */
export function swap(fresh: string, target: string): void {
  for (let tried = 1; ; tried += 1) {
    try {
      renameSync(target, `${fresh}-old-${tried}`);
    } catch (error) {
      if (!isCode(error, "ENOENT")) throw error;
    }
    try {
      renameSync(fresh, target);
      return;
    } catch (error) {
      if (tried === TRIES || !(isCode(error, "ENOTEMPTY") || isCode(error, "EEXIST"))) throw error;
    }
  }
}

const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && "code" in error && error.code === code;

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Others have something in it.
  }
}
