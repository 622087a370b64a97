/** The service as `npm start` runs it, with the npm and the shell of this machine: a supervisor knows npm's process only. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { freshDirectory } from "../support/command.ts";
import { startRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

it("`npm start` that is told to stop drains the service, and leaves nothing behind", async () => {
  await using directory = await freshDirectory();
  await using redis = await startRedis();
  const npm = spawn("npm", ["start"], {
    cwd: root,
    env: { ...process.env, HOOKWAVE_PORT: "0", HOOKWAVE_DATA_DIR: directory.path, REDIS_URL: redis.url },
    stdio: ["ignore", "pipe", "ignore"],
    detached: true,
  });
  await using _group = groupOf(npm);
  let log = "";
  npm.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    log += chunk;
  });
  const closed = once(npm.stdout, "close");
  await until("the service is connected", () => log.includes("service.connected"), 60_000);

  npm.kill("SIGTERM");
  const end = await until("npm has ended", () => npm.exitCode ?? npm.signalCode);
  // Its standard output closes with the last process that has it.
  await until("nobody is left who writes to its log", () => npm.stdout.closed);
  await closed;
  expect(end).toBe(0);
  expect(log.match(/"service\.stopping"/g)).toHaveLength(1);
}, 90_000);

/** Whatever it is: a chaos run or a bench that is told to stop takes its processes with it. */
it("no script leaves a shell between npm and what it runs", () => {
  const { scripts } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
  const last = Object.values<string>(scripts).map((script) => script.split("&&").at(-1)?.trim() ?? "");
  expect(last.filter((command) => !command.startsWith("exec "))).toEqual([]);
});

/** Ends what a failed test leaves: the group has npm's number. */
function groupOf({ pid }: ChildProcess): AsyncDisposable {
  return {
    [Symbol.asyncDispose]: async () => {
      if (pid === undefined) return;
      try {
        process.kill(-pid, "SIGKILL");
      } catch {
        // Nobody is left in it.
      }
    },
  };
}
