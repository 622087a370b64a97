/** A shell into which a block of the documentation is pasted, as it stands. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { COMPILE_CACHE } from "./workers.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

export interface Terminal extends AsyncDisposable {
  /** All that appeared so far. */
  readonly shown: () => string;
}

/** Begins to run the commands one after the other; Ctrl-C ends whatever still runs when the test ends. */
export function paste(commands: string, variables: Readonly<Record<string, string>>): Terminal {
  const shell = spawn("sh", ["-e", "-c", commands], {
    cwd: root,
    env: { NODE_COMPILE_CACHE: COMPILE_CACHE, ...process.env, ...variables },
    stdio: ["ignore", "pipe", "pipe"],
    // A process group of its own, as a terminal gives to what it runs.
    detached: true,
  });
  const closed = once(shell, "close");
  let shown = "";
  const show = (text: string): void => {
    shown += text;
  };
  shell.stdout.setEncoding("utf8").on("data", show);
  shell.stderr.setEncoding("utf8").on("data", show);
  return {
    shown: () => shown,
    [Symbol.asyncDispose]: async () => {
      // Without job control a shell lets what it runs in the background ignore SIGINT.
      if (shell.pid !== undefined) for (const signal of ["SIGINT", "SIGTERM"]) endGroup(shell.pid, signal);
      await closed;
    },
  };
}

function endGroup(leader: number, signal: string): void {
  try {
    process.kill(-leader, signal);
  } catch {
    // It has ended already.
  }
}
