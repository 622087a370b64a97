/** Builds what is published: dist from src, the console's page in it, and the receiver kit as a package of its own. */
import { execFileSync } from "node:child_process";
import { chmodSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildConsole } from "./build-console.ts";
import { buildReceiver } from "./receiver-package.ts";
import { inStaging, swap } from "./swapped-folders.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
/** Its age tells what a build was made of: a file that changes while it runs is newer. */
const begunAt = new Date();

await inStaging(root, async (staging) => {
  const dist = join(staging, "dist");
  const receiver = join(staging, "receiver");
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const words = [compiler, "-p", "tsconfig.build.json", "--outDir", dist];
  execFileSync(process.execPath, words, { cwd: root, stdio: "inherit" });
  await buildConsole(root, join(dist, "console"));
  await buildReceiver(root, { declarations: dist, target: receiver });
  const main = join(dist, "main.js");
  chmodSync(main, 0o755);
  utimesSync(main, begunAt, begunAt);
  swap(receiver, join(root, "clients/receiver/dist"));
  // Last, since its age is what tells whether a build is whole.
  swap(dist, join(root, "dist"));
});
