/** Starts workers as child processes; what is still running when the test ends is killed. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import type { HookwaveOptions } from "../../src/app.ts";
import type { TestRedis } from "./service.ts";

export interface WorkerProcess extends AsyncDisposable {
  readonly kill: (signal: NodeJS.Signals) => Promise<number | null>;
}

/** Resolves once the worker consumes. `kill` resolves with the exit code once the process is gone. */
export async function startWorker(
  redis: TestRedis,
  options: Omit<Partial<HookwaveOptions>, "redisUrl" | "listeners"> = {},
): Promise<WorkerProcess> {
  const script = new URL("./worker-process.ts", import.meta.url);
  const child = fork(script, [redis.url, redis.dataDir, JSON.stringify(options)], {
    stdio: ["ignore", 2, 2, "ipc"],
  });
  const exited = once(child, "exit");
  await Promise.race([
    once(child, "message"),
    exited.then(() => Promise.reject(new Error("the worker did not start"))),
  ]);
  const kill = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (isRunning(child)) {
      child.kill(signal);
      await exited;
    }
    return child.exitCode;
  };
  return {
    kill,
    [Symbol.asyncDispose]: async () => {
      await kill("SIGKILL");
    },
  };
}

const isRunning = (child: ChildProcess): boolean => child.exitCode === null && child.signalCode === null;
