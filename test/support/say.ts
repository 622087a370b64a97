/** What a command line comes to, run in this process: for commands that need no environment of their own. */
import { run } from "../../src/cli/run.ts";
import type { Finished } from "./command.ts";

export async function say(...words: readonly string[]): Promise<Finished> {
  let [stdout, stderr] = ["", ""];
  const code = await run(words, {
    write: (text) => {
      stdout += text;
    },
    writeError: (text) => {
      stderr += text;
    },
    isInteractive: false,
    style: (_, text) => text,
  });
  return { code, stdout, stderr };
}
