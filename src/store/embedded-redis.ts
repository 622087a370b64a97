/**
 * A private Redis for whoever has none: development, the demo and the tests. Listens on a free loopback port,
 * with an append-only file in the data directory; a second process with the same directory finds the first
 * one's server instead of starting another on its files.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { access, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { delimiter, join, resolve } from "node:path";
import { z } from "zod";
import { HookwaveError } from "../core/errors.ts";
import { connectRedis } from "./redis.ts";

export interface EmbeddedRedis {
  readonly url: string;
  readonly pid: number;
  /** False when another process of the same directory had started it already. */
  readonly isOurs: boolean;
  /** Stops the server if it is ours; its data stays. */
  readonly stop: () => Promise<void>;
}

export interface EmbeddedRedisOptions {
  readonly dataDir: string;
  /** Where executables are looked for, as in PATH. */
  readonly searchPath: string;
  readonly port?: number;
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
const noteSchema = z.object({ url: z.string(), pid: z.number() });

export async function startEmbeddedRedis(options: EmbeddedRedisOptions): Promise<EmbeddedRedis> {
  const dataDir = resolve(options.dataDir);
  const notePath = join(dataDir, "redis.json");
  await mkdir(dataDir, { recursive: true });
  const running = await findRunning(notePath);
  if (running !== null) return { ...running, isOurs: false, stop: () => Promise.resolve() };

  const executable = await findExecutable(options.searchPath);
  const port = options.port ?? (await freePort());
  const url = `redis://127.0.0.1:${port}`;
  const child = spawn(executable, serverArgs(port, dataDir, options.serverArgs ?? []), {
    stdio: "ignore",
    detached: options.outlivesInterrupt ?? false,
  });
  const exited = once(child, "exit");
  const died = exited.then(() => Promise.reject(didNotStart(executable, dataDir)));
  await Promise.race([untilAnswering(url), died]).catch((error: unknown) => {
    child.kill("SIGKILL");
    throw error;
  });
  const pid = child.pid ?? 0;
  await writeFile(notePath, JSON.stringify({ url, pid }));
  const stop = async (): Promise<void> => {
    if (isRunning(child)) {
      child.kill("SIGTERM");
      await exited;
    }
    await rm(notePath, { force: true });
  };
  return { url, pid, isOurs: true, stop };
}

/** The server another process has started for this directory, if it still answers. */
export async function findRunning(
  notePath: string,
): Promise<{ readonly url: string; readonly pid: number } | null> {
  const text = await readFile(notePath, "utf8").catch(() => null);
  if (text === null) return null;
  const note = noteSchema.parse(JSON.parse(text));
  return await untilAnswering(note.url, 500).then(
    () => note,
    () => null,
  );
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

async function findExecutable(searchPath: string): Promise<string> {
  for (const name of SERVERS) {
    for (const folder of [...searchPath.split(delimiter), "/usr/bin", "/usr/local/bin"]) {
      const path = join(folder, name);
      const found = await access(path).then(
        () => true,
        () => false,
      );
      if (found) return path;
    }
  }
  throw new HookwaveError("REDIS_MISSING", {
    expected: "redis-server or valkey-server on PATH, or REDIS_URL",
    got: "neither",
    remedy: 'install one ("apt-get install redis-server", "brew install redis") or set REDIS_URL',
  });
}

async function untilAnswering(url: string, patienceMs = START_TIMEOUT_MS): Promise<void> {
  // The server needs a moment to listen, so refusals are expected and only the time counts.
  const redis = connectRedis(url, "watcher", () => undefined);
  try {
    await Promise.race([redis.ping(), rejectAfter(patienceMs, url)]);
  } finally {
    redis.disconnect();
  }
}

async function rejectAfter(ms: number, url: string): Promise<never> {
  await new Promise((wake) => setTimeout(wake, ms).unref());
  throw new HookwaveError("REDIS_UNAVAILABLE", {
    expected: `an answer from ${url}`,
    got: `none within ${ms} ms`,
    remedy: "look into redis.log of the data directory",
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
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
