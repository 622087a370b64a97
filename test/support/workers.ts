/** Starts workers as child processes; what is still running when the test ends is killed. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { HookwaveOptions } from "../../src/app.ts";
import type { TestRedis } from "./service.ts";

export interface WorkerProcess extends AsyncDisposable {
  readonly pid: number;
  readonly isRunning: () => boolean;
  readonly kill: (signal: NodeJS.Signals) => Promise<number | null>;
  /** After a garbage collection of its own. */
  readonly memory: () => Promise<NodeJS.MemoryUsage>;
  /** Resolves when the process is gone, whoever ended it. */
  readonly ended: Promise<unknown>;
}

/** Hundreds are started in a run; compiling is half of what that costs. */
export const COMPILE_CACHE = fileURLToPath(
  new URL("../../node_modules/.cache/hookwave-compiled", import.meta.url),
);

/** Resolves once the worker consumes. `kill` resolves with the exit code once the process is gone. */
export async function startWorker(
  redis: Pick<TestRedis, "url" | "dataDir">,
  options: Omit<Partial<HookwaveOptions>, "redisUrl" | "listeners"> = {},
  variables: Readonly<Record<string, string>> = {},
): Promise<WorkerProcess> {
  const script = new URL("./worker-process.ts", import.meta.url);
  const child = fork(script, [redis.url, redis.dataDir, JSON.stringify(options)], {
    stdio: ["ignore", 2, 2, "ipc"],
    env: { NODE_COMPILE_CACHE: COMPILE_CACHE, ...process.env, ...variables },
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
  return {
    pid: child.pid ?? 0,
    isRunning: () => isRunning(child),
    kill,
    memory: async () => {
      const answer = once(child, "message");
      child.send("memory");
      const [usage] = await answer;
      return usage;
    },
    ended,
    [Symbol.asyncDispose]: async () => {
      await kill("SIGKILL");
    },
  };
}

const isRunning = (child: ChildProcess): boolean => child.exitCode === null && child.signalCode === null;
