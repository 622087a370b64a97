/**
 * Builds hookwave-receiver, a package of its own, from src/receiver: minified modules that import nothing, their types
 * without a library, and a manifest with the version of the whole. The folder that comes out is what is published.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type OutputChunk, rolldown } from "rolldown";
import { z } from "zod";
import { eventDataDeclarations } from "./event-data-types.ts";

const manifestSchema = z.looseObject({ exports: z.record(z.string(), z.unknown()) });
const entrySchema = z.object({ default: z.string() });

/** As they stand: Node 18 has WebCrypto, but not as a global, and so the platform chooses between the two. */
const KEPT = ["web-crypto.js", "web-crypto-node.js", "README.md"];

export interface ReceiverFolders {
  /** The folder where the compiler has left the types of src. */
  readonly declarations: string;
  /** A folder that is not there yet. */
  readonly target: string;
}

export async function buildReceiver(root: string, { declarations, target }: ReceiverFolders): Promise<void> {
  const source = join(root, "clients/receiver");
  const manifest = manifestSchema.parse(JSON.parse(readFileSync(join(source, "package.json"), "utf8")));
  const { version } = z.object({ version: z.string() }).parse(readJson(join(root, "package.json")));
  const { name, ...about } = manifest;
  const entries = entriesOf(manifest.exports);

  mkdirSync(target, { recursive: true });
  for (const { fileName, code } of await bundle(root, entries)) writeFileSync(join(target, fileName), code);
  for (const [file, text] of declarationsOf(join(declarations, "receiver"), entries))
    writeFileSync(join(target, file), text);
  for (const file of KEPT) cpSync(join(source, file), join(target, file));
  if (existsSync(join(root, "LICENSE"))) cpSync(join(root, "LICENSE"), join(target, "LICENSE"));
  writeFileSync(join(target, "package.json"), `${JSON.stringify({ name, version, ...about }, null, 2)}\n`);
}

const readJson = (path: string): unknown => JSON.parse(readFileSync(path, "utf8"));

/** The modules of src/receiver that the package exports. */
function entriesOf(exported: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.values(exported).flatMap((target) => {
    const entry = entrySchema.safeParse(target);
    return entry.success ? [entry.data.default.replace(/^\.\/|\.js$/g, "")] : [];
  });
}

async function bundle(root: string, entries: readonly string[]): Promise<readonly OutputChunk[]> {
  await using built = await rolldown({
    input: Object.fromEntries(entries.map((name) => [name, join(root, `src/receiver/${name}.ts`)])),
    platform: "neutral",
    // Whatever is no file of ours stays an import, where a test finds it.
    external: /^[^./]/,
    plugins: [
      {
        name: "web-crypto-of-the-platform",
        resolveId: (id) => (id === "./web-crypto.ts" ? { id: "#web-crypto", external: true } : null),
      },
    ],
    transform: { target: "es2022" },
  });
  const { output } = await built.generate({ format: "esm", minify: true, chunkFileNames: "[name].js" });
  return output.filter((part) => part.type === "chunk");
}

/** Each entry's declarations and those that they need; the catalogue's are written anew, without zod. */
function declarationsOf(folder: string, entries: readonly string[]): ReadonlyMap<string, string> {
  const found = new Map([["catalogue.d.ts", eventDataDeclarations()]]);
  const visit = (name: string): void => {
    const file = `${name}.d.ts`;
    if (found.has(file)) return;
    const text = readFileSync(join(folder, file), "utf8").replace(
      "../catalogue/catalogue.ts",
      "./catalogue.ts",
    );
    found.set(file, text.replace(/("\.\/[a-z-]+)\.ts"/g, '$1.js"'));
    for (const [, needed = ""] of text.matchAll(/"\.\/([a-z-]+)\.ts"/g)) visit(needed);
  };
  for (const name of entries) visit(name);
  return found;
}
