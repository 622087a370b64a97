/**
 * A private Redis for whoever has none: development, the demo and the tests. Listens on a free loopback port,
 * with an append-only file in the data directory, which other users of the machine cannot read; a second process with
 * the same directory finds the first one's server instead of starting another on its files.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile, realpath, rename, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { delimiter, join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import { HookwaveError } from "../core/errors.ts";
import { connectRedis } from "../store/redis.ts";
import { openDataDirectory } from "./data-directory.ts";
import { processExists, withLock } from "./directory-lock.ts";

export interface EmbeddedRedis {
  readonly url: string;
  readonly pid: number;
  /** False when another process of the same directory had started it already. */
  readonly isStartedHere: boolean;
  /** Resolves when its process has ended, with how it did, and when `stopping` is aborted. */
  readonly untilEnded: (stopping: AbortSignal) => Promise<string>;
  /** Stops the server if it is ours; its data stays. */
  readonly stop: () => Promise<void>;
}

export interface EmbeddedRedisOptions {
  readonly dataDir: string;
  /** Folders in which executables are looked for, as in PATH. */
  readonly searchPath: string;
  readonly port?: number;
  /** Taken where it is free and no `port` is given; else any that is. */
  readonly preferredPort?: number;
  /** Picks the port where none is given or free; freePort unless told otherwise. */
  readonly pickPort?: () => Promise<number>;
  /** Clients must have it; without one any user of the machine may connect. */
  readonly password?: string;
  /**
   * Ctrl-C in a terminal reaches every process of the group. A service drains and then stops the server, which
   * must not be gone before; whoever just ends (a test run) wants it gone.
   */
  readonly outlivesInterrupt?: boolean;
  /** More server options, as `redis-server` takes them. */
  readonly serverArgs?: readonly string[];
}

const SERVERS = ["redis-server", "valkey-server"];
const START_TIMEOUT_MS = 10_000;
const PORT_TRIES = 5;
const FIND_TIMEOUT_MS = 500;
/** With the time to start another, less than the lock is held at the most. */
const BUSY_TIMEOUT_MS = 4_000;
/** For the end of a server that another process has started. */
const LOOK_EVERY_MS = 500;
const noteSchema = z.object({ url: z.string(), pid: z.number() });
type Note = z.infer<typeof noteSchema>;

/** Throws REDIS_MISSING when there is no server to start, or it does not start. */
export async function startEmbeddedRedis(options: EmbeddedRedisOptions): Promise<EmbeddedRedis> {
  const dataDir = resolve(options.dataDir);
  await openDataDirectory(dataDir);
  // Two servers on one append-only directory destroy it, so looking and starting are one step.
  return await withLock(lockPath(dataDir), async () => {
    const running = await findRunning(dataDir);
    if (running !== null) return foundServer(running);
    return await startServer(dataDir, options);
  });
}

/** The files that it makes are readable for its user only; `-` is its configuration, from standard input. */
const PRIVATELY = 'umask 077 && exec "$0" - "$@"';

async function startServer(dataDir: string, options: EmbeddedRedisOptions): Promise<EmbeddedRedis> {
  const { port, preferredPort, pickPort = freePort } = options;
  if (port !== undefined) return await startOn(port, dataDir, options);
  if (preferredPort !== undefined && (await isFree(preferredPort))) {
    // Somebody else may take it in this very moment.
    const started = await startOn(preferredPort, dataDir, options).catch(() => null);
    if (started !== null) return started;
  }
  for (let tries = 1; ; tries += 1) {
    const picked = await pickPort();
    try {
      return await startOn(picked, dataDir, options);
    } catch (error) {
      // Free a moment ago, it may be somebody's by now: another server's, or any connection's.
      if (tries === PORT_TRIES || (await isFree(picked))) throw error;
    }
  }
}

async function startOn(port: number, dataDir: string, options: EmbeddedRedisOptions): Promise<EmbeddedRedis> {
  const executable = findExecutable(options.searchPath);
  const { password = "" } = options;
  const url = `redis://${password === "" ? "" : `:${password}@`}127.0.0.1:${port}`;
  const child = spawn(
    "sh",
    ["-c", PRIVATELY, executable, ...serverArgs(port, dataDir, options.serverArgs ?? [])],
    {
      stdio: ["pipe", "ignore", "ignore"],
      detached: options.outlivesInterrupt ?? false,
    },
  );
  // A command line can be read by everybody. A server that ends before it reads this is noticed by its end.
  child.stdin.on("error", () => undefined).end(password === "" ? "" : `requirepass ${password}\n`);
  const exited = once(child, "exit");
  const died = exited.then(() => Promise.reject(didNotStart(executable, dataDir)));
  const served = await Promise.race([askDirectory(url, START_TIMEOUT_MS), died]).catch((error: unknown) => {
    child.kill("SIGKILL");
    throw error;
  });
  // Somebody else's server answers there: ours cannot listen, and ends.
  if (served !== (await realpath(dataDir))) await died;
  const pid = child.pid ?? 0;
  await writeNote(dataDir, { url, pid });
  const stop = async (): Promise<void> => {
    if (isRunning(child)) child.kill("SIGTERM");
    await withLock(lockPath(dataDir), async () => {
      if (isRunning(child)) await exited;
      if ((await readNote(dataDir))?.pid === pid) await rm(notePath(dataDir));
    });
  };
  const ended = exited.then(() => child.signalCode ?? `exit code ${child.exitCode}`);
  const untilEnded = (stopping: AbortSignal): Promise<string> => {
    const aborted = new Promise<string>((resolve) => {
      stopping.addEventListener("abort", () => resolve("not waited for any more"), { once: true });
    });
    return Promise.race([ended, aborted]);
  };
  return { url, pid, isStartedHere: true, untilEnded, stop };
}

/** Its end is somebody else's to hear of; here it is only looked for. */
function foundServer({ url, pid }: Note): EmbeddedRedis {
  const untilEnded = async (stopping: AbortSignal): Promise<string> => {
    while (!stopping.aborted && processExists(pid)) await pauseUnless(stopping, LOOK_EVERY_MS);
    return "its process is gone";
  };
  return { url, pid, isStartedHere: false, untilEnded, stop: () => Promise.resolve() };
}

/** The URL of the server that runs for this directory, with its password; null where none does. */
export async function findEmbeddedRedis(dataDir: string): Promise<string | null> {
  return (await findRunning(resolve(dataDir)))?.url ?? null;
}

/** The server another process has started for this directory, if it still answers. */
async function findRunning(dataDir: string): Promise<Note | null> {
  const note = await readNote(dataDir);
  if (note === null) return null;
  // After a crash of the machine its port may be anybody's, and so may its process id: a process that lives only
  // deserves more patience, because a server that loads its files or has much to do answers late.
  const patienceMs = processExists(note.pid) ? BUSY_TIMEOUT_MS : FIND_TIMEOUT_MS;
  const served = await askDirectory(note.url, patienceMs).catch(() => null);
  return served === (await realpath(dataDir)) ? note : null;
}

const notePath = (dataDir: string): string => join(dataDir, "redis.json");
const lockPath = (dataDir: string): string => join(dataDir, "redis.lock");

async function readNote(dataDir: string): Promise<Note | null> {
  const text = await readFile(notePath(dataDir), "utf8").catch(() => null);
  return text === null ? null : noteSchema.parse(JSON.parse(text));
}

/** Whole or not at all, also when the process dies in the middle. */
async function writeNote(dataDir: string, note: Note): Promise<void> {
  const draft = `${notePath(dataDir)}.draft`;
  await writeFile(draft, JSON.stringify(note), { mode: 0o600 });
  await rename(draft, notePath(dataDir));
}

function serverArgs(port: number, dataDir: string, more: readonly string[]): readonly string[] {
  const settings = {
    port,
    bind: "127.0.0.1",
    dir: dataDir,
    appendonly: "yes",
    appendfsync: "everysec",
    save: "",
    "maxmemory-policy": "noeviction",
    daemonize: "no",
    logfile: join(dataDir, "redis.log"),
  };
  return [...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]), ...more];
}

function findExecutable(searchPath: string): string {
  for (const name of SERVERS) {
    for (const folder of [...searchPath.split(delimiter), "/usr/bin", "/usr/local/bin"]) {
      const path = join(folder, name);
      if (existsSync(path)) return path;
    }
  }
  throw new HookwaveError("REDIS_MISSING", {
    expected: "redis-server or valkey-server on PATH, or REDIS_URL",
    got: "neither",
    remedy: 'install one ("apt-get install redis-server", "brew install redis") or set REDIS_URL',
  });
}

/**
 * Waits until the server answers; resolves with the directory it keeps its files in. It may still be loading them, which
 * takes long after long work: then it is there all the same, and whoever connects waits for it.
 */
async function askDirectory(url: string, patienceMs: number): Promise<string> {
  // The server needs a moment to listen, so refusals are expected and only the time counts.
  const redis = connectRedis(url, "inspector", () => undefined);
  try {
    const answer = await Promise.race([redis.config("GET", "dir"), rejectAfter(patienceMs, url)]);
    return z.tuple([z.literal("dir"), z.string()]).parse(answer)[1];
  } finally {
    redis.disconnect();
  }
}

async function rejectAfter(ms: number, url: string): Promise<never> {
  await new Promise((wake) => setTimeout(wake, ms).unref());
  throw new HookwaveError("REDIS_UNAVAILABLE", {
    expected: `an answer from ${new URL(url).host}`,
    got: `none within ${ms} ms`,
    remedy: "look into redis.log of the data directory",
  });
}

/** Ends at once when `stopping` is aborted. */
export async function pauseUnless(stopping: AbortSignal, ms: number): Promise<void> {
  await pause(ms, undefined, { signal: stopping }).catch((error: unknown) => {
    if (!stopping.aborted) throw error;
  });
}

export const freePort = (): Promise<number> => listenOnce(0);

const isFree = (port: number): Promise<boolean> =>
  listenOnce(port).then(
    () => true,
    () => false,
  );

/** The port that it was. */
async function listenOnce(port: number): Promise<number> {
  const server = createServer().listen(port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return address !== null && typeof address === "object" ? address.port : 0;
}

const isRunning = (child: ChildProcess): boolean => child.exitCode === null && child.signalCode === null;

function didNotStart(executable: string, dataDir: string): HookwaveError {
  return new HookwaveError("REDIS_MISSING", {
    expected: `${executable} to start`,
    got: "an exit",
    remedy: `look into ${join(dataDir, "redis.log")}`,
  });
}
