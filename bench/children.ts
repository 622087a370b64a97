/**
 * Processes of their own: for each mode, so that its CPU can be measured and nobody else's garbage is collected in
 * it, and for receivers. A child sends one message: what it measured, or how to reach it; some answer questions
 * afterwards. It ends when its parent lets go of it.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

export interface Child {
  /** The child's message. */
  readonly said: unknown;
  /** Its next message, sent for this question. */
  readonly ask: (question: object) => Promise<unknown>;
  readonly stop: () => Promise<void>;
}

/** Starts a module of this folder; throws when it ends without having said anything. */
export const startChild = (module: string, ...args: readonly string[]): Promise<Child> =>
  startChildWith([], module, ...args);

/** The same, with options for Node. */
export async function startChildWith(
  options: readonly string[],
  module: string,
  ...args: readonly string[]
): Promise<Child> {
  const child = fork(fileURLToPath(new URL(module, import.meta.url)), args, {
    execArgv: [...process.execArgv, ...profileName(args[0] ?? module), ...options],
  });
  const exited = once(child, "exit");
  const [said]: unknown[] = await Promise.race([
    once(child, "message"),
    exited.then(([code]) => Promise.reject(new Error(`${module} ended with ${code} and said nothing`))),
  ]);
  return {
    said,
    ask: async (question) => {
      child.send(question);
      const [answer]: unknown[] = await once(child, "message");
      return answer;
    },
    stop: async () => {
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}

/** Children inherit `--cpu-prof`; their profiles would be hard to tell apart by process id. */
function profileName(name: string): readonly string[] {
  return process.execArgv.includes("--cpu-prof") ? [`--cpu-prof-name=${name}.cpuprofile`] : [];
}
