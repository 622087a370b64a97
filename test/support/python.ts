/** A Python with redis-py, in an environment of its own that later runs use again; or the reason why there is none. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);

const REDIS_PY = "redis==6.4.0";
const CACHE = fileURLToPath(new URL("../../node_modules/.cache", import.meta.url));
const HOME = join(CACHE, `hookwave-python-${REDIS_PY.replace("==", "-")}`);
const PATIENCE_MS = 50_000;

export type Python = { readonly command: string } | { readonly missing: string };

export async function pythonWithRedis(): Promise<Python> {
  const command = join(HOME, "bin", "python");
  const isThere = await run(command, ["-c", "import redis"]).then(
    () => true,
    () => false,
  );
  if (isThere) return { command };
  try {
    await mkdir(CACHE, { recursive: true });
    await run("python3", ["-m", "venv", HOME], { timeout: PATIENCE_MS });
    await run(command, ["-m", "pip", "install", "--quiet", REDIS_PY], { timeout: PATIENCE_MS });
    return { command };
  } catch (error) {
    return { missing: String(error).slice(0, 300) };
  }
}

export interface PythonConsumer extends AsyncDisposable {
  /** Resolves with the ids that it has read, once it has as many as it waits for. */
  readonly ids: Promise<readonly string[]>;
}

const SCRIPT = fileURLToPath(new URL("../fixtures/python/bus_consumers.py", import.meta.url));

/** Resolves once it listens. */
export async function startConsumer(
  command: string,
  ...args: readonly [kind: "list" | "channel", url: string, name: string, count: number]
): Promise<PythonConsumer> {
  const child = spawn(command, [SCRIPT, ...args.map(String)], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => {
    const { value, done } = await lines.next();
    if (done) throw new Error("the Python consumer ended before its time");
    return value;
  };
  await next();
  return {
    ids: next().then((text) => JSON.parse(text)),
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null) child.kill("SIGKILL");
      await ended;
    },
  };
}
