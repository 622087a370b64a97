/** A Redis of a row's own that can be killed, stopped, frozen and brought back on the same port with its files. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { startEmbeddedRedis } from "../../../src/process/embedded-redis.ts";
import { keptPort } from "../../support/kept-port.ts";
import { until } from "../../support/until.ts";

export interface RedisServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly dataDir: string;
  /** kill -9; resolves when it is gone. */
  readonly kill: () => Promise<void>;
  /** As an operator stops it. */
  readonly stop: () => Promise<void>;
  /** Resolves when it answers again. */
  readonly startAgain: () => Promise<void>;
  readonly freeze: () => void;
  readonly thaw: () => void;
  /** One command, on a connection of its own. */
  readonly ask: (command: string, ...args: readonly (string | number)[]) => Promise<unknown>;
}

export type Fsync = "always" | "everysec";

export async function startRedisServer(fsync: Fsync, ...serverArgs: readonly string[]): Promise<RedisServer> {
  const dataDir = await mkdtemp(join(tmpdir(), "hookwave-chaos-"));
  const start = (port?: number) =>
    startEmbeddedRedis({
      dataDir,
      searchPath: process.env["PATH"] ?? "",
      serverArgs: ["--appendfsync", fsync, ...serverArgs],
      ...(port === undefined ? { pickPort: keptPort } : { port }),
    });
  let running = await start();
  let isFrozen = false;
  const { url } = running;
  const port = Number(new URL(url).port);
  const signal = (name: NodeJS.Signals): void => {
    process.kill(running.pid, name);
  };
  return {
    url,
    port,
    dataDir,
    kill: async () => {
      signal("SIGKILL");
      await running.stop();
    },
    stop: () => running.stop(),
    startAgain: async () => {
      running = await start(port);
      // It is there as soon as it listens; loading its file may take longer.
      await until("Redis has loaded its file", () => ask(url, "GET", ["any"]).then(isOver, isOver), 60_000);
    },
    freeze: () => {
      signal("SIGSTOP");
      isFrozen = true;
    },
    thaw: () => {
      signal("SIGCONT");
      isFrozen = false;
    },
    ask: (command, ...args) => ask(url, command, args),
    [Symbol.asyncDispose]: async () => {
      // A frozen one would not hear that it is to stop.
      if (isFrozen) signal("SIGCONT");
      await running.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

const isOver = (said: unknown): boolean => !(said instanceof Error && said.message.startsWith("LOADING"));

async function ask(url: string, command: string, args: readonly (string | number)[]): Promise<unknown> {
  const connection = new Redis(url, { maxRetriesPerRequest: 1, enableReadyCheck: false });
  // A refused connection also rejects the command below.
  connection.on("error", () => undefined);
  try {
    return await connection.call(command, ...args.map(String));
  } finally {
    connection.disconnect();
  }
}
