/** Builds what is published: dist from src, the console's page in it, and the receiver kit as a package of its own. */
import { execFileSync } from "node:child_process";
import { chmodSync, rmSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildConsole } from "./build-console.ts";
import { buildReceiver } from "./receiver-package.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const dist = join(root, "dist");

// A module that is gone from src must not be published for ever.
rmSync(dist, { recursive: true, force: true });
execFileSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", "tsconfig.build.json"], {
  cwd: root,
  stdio: "inherit",
});
await buildConsole(root, join(dist, "console"));
await buildReceiver(root, dist);
const main = join(dist, "main.js");
chmodSync(main, 0o755);
// Last, since its age is what tells whether a build is whole.
const now = new Date();
utimesSync(main, now, now);
