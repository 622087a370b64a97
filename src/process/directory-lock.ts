/**
 * One process at a time: for the moments in which a data directory's server is looked for, started or stopped.
 * The lock is a file that holds its owner's pid, so that what a killed process leaves behind keeps nobody out.
 * It guards moments, not lifetimes: a lock that outlasts every honest owner is taken over as well.
 */
import { randomUUID } from "node:crypto";
import { link, readFile, rename, rm, writeFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { codeOf } from "../core/errors.ts";

/** Longer than a server may take to start; after a reboot an owner's pid may belong to anybody. */
const HELD_MAX_MS = 15_000;
const LOOK_EVERY_MS = 20;

/** Waits until the lock is free, works, and frees it whatever comes of the work. */
export async function withLock<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  await acquire(path);
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function acquire(path: string): Promise<void> {
  for (let waitedMs = 0; !(await create(path)); waitedMs += LOOK_EVERY_MS) {
    const owner = await readFile(path, "utf8").catch(() => null);
    if (owner === null) continue;
    if (isGone(owner) || waitedMs >= HELD_MAX_MS) await discard(path, owner);
    else await pause(LOOK_EVERY_MS);
  }
}

async function create(path: string): Promise<boolean> {
  try {
    await writeFile(path, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

/** Another may have discarded it and hold a new one by now: what is moved away by mistake is put back. */
async function discard(path: string, owner: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return;
    throw error;
  }
  if ((await readFile(aside, "utf8")) !== owner) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
}

/** An owner that has not written its pid yet is there. */
const isGone = (owner: string): boolean => owner !== "" && !processExists(Number(owner));

/** Anybody's process counts: after a reboot a pid may be another's. */
export function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) !== "ESRCH";
  }
}
