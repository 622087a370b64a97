/**
 * The `hookwave` command: in this process, as `run` answers its words, or as a person runs it, in a process of its
 * own. A process costs a second of CPU, so only what is about one has one: signals, streams, and what goes on.
 */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, type Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { run } from "../../src/cli/run.ts";
import { plainTerminal } from "./plain-terminal.ts";
import { until } from "./until.ts";
import { COMPILE_CACHE } from "./workers.ts";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

export type Variables = Readonly<Record<string, string>>;

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** One after the other: there is one environment and one standard input, and each command has its own. */
let previous: Promise<unknown> = Promise.resolve();

/** Runs a command to its end in this process, with an environment and a standard input of its own. */
export function runCommand(
  words: readonly string[],
  variables: Variables = {},
  input = "",
): Promise<Finished> {
  const running = previous.then(() => within(environmentOf(variables), input, () => answerTo(words)));
  previous = running.catch(() => undefined);
  return running;
}

async function answerTo(words: readonly string[]): Promise<Finished> {
  let [stdout, stderr] = ["", ""];
  const terminal = plainTerminal({
    write: (written) => {
      stdout += written;
    },
    writeError: (written) => {
      stderr += written;
    },
  });
  const code = await run(words, terminal);
  return { code, stdout, stderr };
}

async function within<Result>(
  environment: Variables,
  input: string,
  work: () => Promise<Result>,
): Promise<Result> {
  const [ours, stdin] = [process.env, Object.getOwnPropertyDescriptor(process, "stdin")];
  process.env = { ...environment };
  Object.defineProperty(process, "stdin", { value: Readable.from([Buffer.from(input)]), configurable: true });
  try {
    return await work();
  } finally {
    process.env = ours;
    if (stdin !== undefined) Object.defineProperty(process, "stdin", stdin);
  }
}

/** Runs a command to its end in a process of its own. */
export async function spawnCommand(
  words: readonly string[],
  variables: Variables = {},
  input = "",
): Promise<Finished> {
  const child = launchCommand(words, variables);
  const exited = once(child, "close");
  // A command that ends without reading its input closes it under our hands.
  child.stdin.on("error", () => undefined).end(input);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  await exited;
  return { code: child.exitCode, stdout, stderr };
}

export interface RunningCommand extends AsyncDisposable {
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** The lines of its log so far. */
  readonly log: () => readonly Readonly<Record<string, unknown>>[];
  readonly signal: (signal: "SIGTERM" | "SIGINT" | "SIGKILL") => void;
  /** The key Ctrl-C of a terminal: SIGINT to every process of the group. */
  readonly interrupt: () => void;
  readonly hasExited: () => boolean;
  /** Its exit code, once it has ended. */
  readonly ended: () => Promise<number | null>;
}

/** A command that goes on; killed when the test ends, if it has not ended by then. */
export function startCommand(words: readonly string[], variables: Variables = {}): RunningCommand {
  const child = launchCommand(words, variables);
  const exited = once(child, "close");
  let [out, err] = ["", ""];
  child.stdin.end();
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    out += chunk;
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    err += chunk;
  });
  const hasExited = (): boolean => child.exitCode !== null || child.signalCode !== null;
  return {
    stdout: () => out,
    stderr: () => err,
    log: () =>
      out
        .split("\n")
        .slice(0, -1)
        .map((line) => JSON.parse(line)),
    signal: (signal) => {
      child.kill(signal);
    },
    interrupt: () => {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGINT");
    },
    hasExited,
    ended: async () => {
      await until("the command has ended", hasExited);
      await exited;
      return child.exitCode;
    },
    [Symbol.asyncDispose]: async () => {
      if (!hasExited()) child.kill("SIGTERM");
      await exited;
    },
  };
}

/** A directory for a command's data, gone when the test ends. */
export async function freshDirectory(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), "hookwave-command-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** Its process, with nothing read or written yet. */
export function launchCommand(
  words: readonly string[],
  variables: Variables = {},
): ChildProcessByStdio<Writable, Readable, Readable> {
  return spawn(process.execPath, [MAIN, ...words], {
    env: { NODE_COMPILE_CACHE: COMPILE_CACHE, ...environmentOf(variables) },
    stdio: ["pipe", "pipe", "pipe"],
    // A process group of its own, as a terminal gives to each command.
    detached: true,
  });
}

const environmentOf = (variables: Variables): Variables => ({
  PATH: process.env["PATH"] ?? "",
  HOOKWAVE_PORT: "0",
  ...variables,
});

/** Variables that let a service deliver to receivers on loopback. */
export const LOOPBACK_VARIABLES = { ALLOW_HTTP: "true", ALLOW_PRIVATE_NETWORKS: "127.0.0.0/8" };

/** Runs a command that must succeed and say one JSON document. */
export async function runForJson(words: readonly string[], variables: Variables, input?: string) {
  const { code, stdout, stderr } = await runCommand([...words, "--json"], variables, input);
  expect(stderr).toBe("");
  expect(code).toBe(0);
  return JSON.parse(stdout);
}

/** Resolves when a service that was started works. */
export async function connected(service: RunningCommand): Promise<void> {
  await until("the service is connected", () => service.log().some(({ msg }) => msg === "service.connected"));
}

/** The address at which its API listens. */
export async function apiUrl(service: RunningCommand): Promise<string> {
  return await until("the service has started", () => {
    const started = service.log().find(({ msg }) => msg === "service.started");
    return started === undefined ? null : String(started["url"]);
  });
}
