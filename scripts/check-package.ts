/**
 * Looks at both packages as npm would publish them, with the eyes of those who import them: publint for what the
 * manifest promises, are-the-types-wrong for what a compiler finds at each entry. ESM only, so CommonJS is not asked.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";

const root = fileURLToPath(new URL("../", import.meta.url));
const tool = (name: string): string => join(root, "node_modules/.bin", name);
const packedSchema = z.tuple([
  z.object({ filename: z.string(), size: z.number(), unpackedSize: z.number(), entryCount: z.number() }),
]);
const folder = mkdtempSync(join(tmpdir(), "hookwave-check-package-"));

function check(source: string): void {
  const words = ["pack", "--ignore-scripts", "--json", "--pack-destination", folder, source];
  const [packed] = packedSchema.parse(
    JSON.parse(execFileSync("npm", words, { cwd: root, encoding: "utf8" })),
  );
  const tarball = join(folder, packed.filename);
  console.log(
    `${packed.filename}: ${packed.size} bytes, unpacked ${packed.unpackedSize} in ${packed.entryCount} files`,
  );
  const shown = { cwd: root, stdio: "inherit" } as const;
  execFileSync(tool("publint"), ["--strict", tarball], shown);
  execFileSync(tool("attw"), [tarball, "--profile", "esm-only", "--format", "table-flipped"], shown);
}

try {
  for (const source of [".", "./clients/receiver/dist"]) check(source);
} finally {
  rmSync(folder, { recursive: true });
}
