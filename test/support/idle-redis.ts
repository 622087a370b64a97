/**
 * Redis servers of a test file that none of its tests uses at the moment: a start costs 0.15 s, and a hundred tests
 * of a file need not wait for a hundred. A server that a test has stopped, killed or set otherwise is not used again.
 */
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { Redis } from "ioredis";
import { processExists } from "../../src/process/directory-lock.ts";
import type { EmbeddedRedis } from "../../src/process/embedded-redis.ts";
import { atEndOfFile } from "./end-of-file.ts";

export interface Server extends EmbeddedRedis {
  readonly dataDir: string;
  /** As it was started. */
  readonly settings: string;
}

const OF_THE_SERVER: ReadonlySet<string> = new Set(["appendonlydir", "redis.log", "redis.json"]);
const PATIENCE_MS = 1_000;
const idle: Server[] = [];

export const takeIdle = (): Server | undefined => idle.pop();

/** Keeps it for the next test, as empty as a new one; or stops it. */
export async function giveBack(server: Server): Promise<void> {
  if (await isAsNew(server)) idle.push(server);
  else await discard(server);
}

/** At once: there is nothing in it that anybody wants to keep. */
export async function discard({ pid, stop, dataDir }: Omit<Server, "settings">): Promise<void> {
  if (processExists(pid)) process.kill(pid, "SIGKILL");
  await stop();
  await rm(dataDir, { recursive: true, force: true });
}

atEndOfFile(async () => {
  await Promise.all(idle.splice(0).map(discard));
});

export async function settingsOf(admin: Redis): Promise<string> {
  return JSON.stringify(await admin.config("GET", "*"));
}

/** One connection for what is asked of a server, and no patience with it. */
export async function asking<Result>(url: string, ask: (admin: Redis) => Promise<Result>): Promise<Result> {
  const admin = new Redis(url, { retryStrategy: () => null, commandTimeout: PATIENCE_MS });
  // A command is rejected by a failure, too.
  admin.on("error", () => undefined);
  try {
    return await ask(admin);
  } finally {
    admin.disconnect();
  }
}

async function isAsNew({ url, pid, settings, dataDir }: Server): Promise<boolean> {
  const isUnchanged = await asking(url, async (admin) => {
    const isTheSame = (await admin.info("server")).includes(`process_id:${pid}\r\n`);
    if (!isTheSame || (await settingsOf(admin)) !== settings) return false;
    await admin.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    await admin.call("CLIENT", "KILL", "TYPE", "pubsub");
    await admin.flushall();
    await admin.script("FLUSH");
    await admin.config("RESETSTAT");
    return true;
  }).catch(() => false);
  if (!isUnchanged) return false;
  const left = (await readdir(dataDir)).filter((name) => !OF_THE_SERVER.has(name));
  await Promise.all(left.map((name) => rm(join(dataDir, name), { recursive: true })));
  return true;
}
