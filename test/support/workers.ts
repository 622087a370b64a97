/** Starts workers as child processes; what is still running when the test ends is killed. */
import { type ChildProcess, type ForkOptions, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { OpenOptions } from "../../src/app.ts";
import type { TestRedis } from "./service.ts";

export interface WorkerProcess extends AsyncDisposable {
  readonly pid: number;
  readonly isRunning: () => boolean;
  readonly kill: (signal: NodeJS.Signals) => Promise<number | null>;
  /** After a garbage collection of its own. */
  readonly memory: () => Promise<NodeJS.MemoryUsage>;
  /** Takes all files the process may still open, until `release`; for one with a limit. */
  readonly exhaust: () => Promise<void>;
  readonly release: () => Promise<void>;
  /** Resolves when the process is gone, whoever ended it. */
  readonly ended: Promise<unknown>;
}

/** Hundreds are started in a run; compiling is half of what that costs. */
export const COMPILE_CACHE = fileURLToPath(
  new URL("../../node_modules/.cache/hookwave-compiled", import.meta.url),
);

/** Through a shell, for the limit is inherited, and Node raises one that is only a soft limit. */
const withLimit = (openFilesMax: number): ForkOptions => ({
  execPath: "/bin/sh",
  execArgv: ["-c", `ulimit -n ${openFilesMax} && exec "$0" "$@"`, process.execPath, ...process.execArgv],
});

/** Resolves once the worker consumes. `kill` resolves with the exit code once the process is gone. */
export async function startWorker(
  redis: Pick<TestRedis, "url" | "dataDir">,
  options: Omit<Partial<OpenOptions>, "redisUrl" | "listeners"> = {},
  variables: Readonly<Record<string, string>> = {},
  openFilesMax?: number,
): Promise<WorkerProcess> {
  const script = new URL("./worker-process.ts", import.meta.url);
  const child = fork(script, [redis.url, redis.dataDir, JSON.stringify(options)], {
    stdio: ["ignore", 2, 2, "ipc"],
    env: { NODE_COMPILE_CACHE: COMPILE_CACHE, ...process.env, ...variables },
    ...(openFilesMax === undefined ? {} : withLimit(openFilesMax)),
  });
  const ended = once(child, "exit");
  await Promise.race([
    once(child, "message"),
    ended.then(() => Promise.reject(new Error("the worker did not start"))),
  ]);
  const kill = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (isRunning(child)) {
      child.kill(signal);
      await ended;
    }
    return child.exitCode;
  };
  const ask = async (wish: string) => {
    const answer = once(child, "message");
    child.send(wish);
    const [said] = await answer;
    return said;
  };
  return {
    pid: child.pid ?? 0,
    isRunning: () => isRunning(child),
    kill,
    memory: () => ask("memory"),
    exhaust: async () => {
      const said = await ask("exhaust");
      if (!said.includes("EMFILE")) throw new Error(`expected no file to be left, got ${said}`);
    },
    release: () => ask("release"),
    ended,
    [Symbol.asyncDispose]: async () => {
      await kill("SIGKILL");
    },
  };
}

const isRunning = (child: ChildProcess): boolean => child.exitCode === null && child.signalCode === null;
