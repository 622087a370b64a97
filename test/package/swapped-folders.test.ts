/** A build beside whoever uses the one before: the old folder is whole until the new one is. */
import {
  existsSync,
  mkdirSync,
  mkdtempDisposableSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { inStaging, swap } from "../../scripts/swapped-folders.ts";

function aRoot() {
  const root = mkdtempDisposableSync(join(tmpdir(), "hookwave-build-"));
  mkdirSync(join(root.path, "dist"));
  writeFileSync(join(root.path, "dist/main.js"), "old");
  writeFileSync(join(root.path, "dist/gone.js"), "old");
  return { ...root, dist: join(root.path, "dist"), [Symbol.dispose]: root.remove };
}

function fill(folder: string, text: string): void {
  mkdirSync(folder);
  writeFileSync(join(folder, "main.js"), text);
}

const mainIn = (dist: string): string => readFileSync(join(dist, "main.js"), "utf8");

it("keeps the old folder whole while the new one is made, and leaves nothing of it then", async () => {
  using root = aRoot();
  await inStaging(root.path, async (staging) => {
    fill(join(staging, "dist"), "new");
    expect(readdirSync(root.dist).sort()).toEqual(["gone.js", "main.js"]);
    expect(mainIn(root.dist)).toBe("old");
    swap(join(staging, "dist"), root.dist);
  });
  expect(readdirSync(root.dist)).toEqual(["main.js"]);
  expect(mainIn(root.dist)).toBe("new");
  expect(readdirSync(root.path)).toEqual(["dist"]);
});

it("keeps it where the build fails, and makes one where there is none", async () => {
  using root = aRoot();
  const failed = inStaging(root.path, async (staging) => {
    fill(join(staging, "dist"), "half");
    throw new Error("the compiler complains");
  });
  await expect(failed).rejects.toThrow("the compiler complains");
  expect(mainIn(root.dist)).toBe("old");
  const other = join(root.path, "clients");
  await inStaging(root.path, async (staging) => {
    fill(join(staging, "clients"), "first");
    swap(join(staging, "clients"), other);
  });
  expect(mainIn(other)).toBe("first");
  expect(existsSync(join(root.path, ".hookwave"))).toBe(false);
});

it("takes the place of what another build has put there meanwhile", () => {
  using root = aRoot();
  for (const name of ["one", "two"]) fill(join(root.path, name), name);
  for (const name of ["one", "two"]) swap(join(root.path, name), root.dist);
  expect(mainIn(root.dist)).toBe("two");
});
