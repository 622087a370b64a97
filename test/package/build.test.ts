/** The build as npm's `prepare` makes it, which `npx hookwave` runs in a clone. */
import { execFileSync } from "node:child_process";
import { statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const builtAt = (): number => statSync(join(root, "dist/main.js")).mtimeMs;

it("stays where it is whole: whoever uses dist meanwhile must find all of it", () => {
  const before = builtAt();
  execFileSync("npm", ["run", "--silent", "prepare"], { cwd: root });
  expect(builtAt()).toBe(before);
});
