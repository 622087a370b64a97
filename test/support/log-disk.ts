/**
 * A service whose log is a file on a disk that is soon full: a limit on the size of its files, which any user may set.
 * The system then refuses to write (EFBIG) as it does where a disk has no room (ENOSPC).
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { COMPILE_CACHE } from "./workers.ts";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
/** In the shell's blocks of 512 bytes: 64 KiB. */
const LIMIT_BLOCKS = 128;
const LIMIT_BYTES = LIMIT_BLOCKS * 512;

export interface ServiceOnSmallDisk extends AsyncDisposable {
  /** All that the disk has of its log. */
  readonly logText: () => string;
  readonly isFull: () => boolean;
  /** As whoever makes room: the log is emptied where it is. */
  readonly makeRoom: () => void;
  readonly signal: (signal: NodeJS.Signals) => void;
  readonly hasExited: () => boolean;
  readonly exitCode: () => number | null;
  /** All of standard error, once it has ended. */
  readonly stderr: () => Promise<string>;
}

/** `isFullAtStart`: there is no room for a single line of the log. */
export function startOnSmallDisk(
  directory: string,
  variables: Readonly<Record<string, string>>,
  isFullAtStart = false,
): ServiceOnSmallDisk {
  const log = join(directory, "service.log");
  writeFileSync(log, isFullAtStart ? "x\n".repeat(LIMIT_BYTES / 2) : "");
  const shell = `ulimit -f ${LIMIT_BLOCKS} && exec "$0" "$@" >>"$SERVICE_LOG"`;
  const child = spawn("sh", ["-c", shell, process.execPath, MAIN, "start"], {
    env: {
      PATH: process.env["PATH"] ?? "",
      NODE_COMPILE_CACHE: COMPILE_CACHE,
      HOOKWAVE_DATA_DIR: directory,
      SERVICE_LOG: log,
      ...variables,
    },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const exited = once(child, "close");
  const stderr = text(child.stderr);
  const hasExited = (): boolean => child.exitCode !== null || child.signalCode !== null;
  return {
    logText: () => readFileSync(log, "utf8"),
    isFull: () => readFileSync(log).length === LIMIT_BYTES,
    makeRoom: () => truncateSync(log),
    signal: (signal) => {
      child.kill(signal);
    },
    hasExited,
    exitCode: () => child.exitCode,
    stderr: () => stderr,
    [Symbol.asyncDispose]: async () => {
      // One that hangs would not hear of anything else.
      if (!hasExited()) child.kill("SIGKILL");
      await exited;
    },
  };
}
