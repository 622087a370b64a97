/** Runs an example receiver as its user would, in a process of its own, and hears what it prints. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { until } from "./until.ts";
import { COMPILE_CACHE } from "./workers.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

export interface ExampleProcess extends AsyncDisposable {
  readonly port: number;
  /** The lines printed so far. */
  readonly printed: () => readonly string[];
}

export const isInstalled = (command: string): boolean =>
  spawnSync(command, [command === "go" ? "version" : "--version"]).status === 0;

/** Resolves once it listens; on a port of its own choice. */
export async function startExample(
  [command = "", ...args]: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<ExampleProcess> {
  // A group of its own: `go run` is the parent of the receiver, and would leave it behind.
  const child = spawn(command, args, {
    cwd: root,
    env: { NODE_COMPILE_CACHE: COMPILE_CACHE, ...process.env, GOTOOLCHAIN: "local", PORT: "0", ...env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let output = "";
  let complaints = "";
  child.stdout.on("data", (chunk) => {
    output += chunk;
  });
  child.stderr.on("data", (chunk) => {
    complaints += chunk;
  });
  const closed = once(child, "close");
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    await closed;
  };
  const look = (): string | undefined => {
    if (child.exitCode !== null) throw new Error(`${command} exited with ${child.exitCode}: ${complaints}`);
    return /^listening on (\d+)$/m.exec(output)?.[1];
  };
  try {
    const port = await until(`${args.join(" ")} listens`, look, 110_000);
    return { port: Number(port), printed: () => output.split("\n"), [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
