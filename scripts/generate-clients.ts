/**
 * Generates the clients of other languages from docs/openapi.json: `node scripts/generate-clients.ts go` writes what is kept
 * in clients/go, `python [folder]` the package that a release is built from. The generators come from their languages' indexes.
 */
import { execFileSync } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { digestOf, documentForClients, documentForGo } from "./client-document.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const GO_GENERATOR = "github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2";
const GO_FILE = join(ROOT, "clients/go/api/api.gen.go");
const PYTHON_PACKAGE = join(ROOT, "clients/python/hookwave_client");

const described: object = JSON.parse(await readFile(join(ROOT, "docs/openapi.json"), "utf8"));
const work = await mkdtemp(join(tmpdir(), "hookwave-clients-"));

async function generateGo(): Promise<void> {
  const document = documentForGo(described);
  const path = await written(document);
  const asked = ["run", GO_GENERATOR, "-generate", "types,client", "-package", "api", path];
  const code = execFileSync("go", asked, { encoding: "utf8", maxBuffer: 1 << 26 });
  await writeFile(GO_FILE, `// Of a description with the digest ${digestOf(document)}.\n${code}`);
}

/** Ours and the generated part together: a package that can be imported, or built. */
async function generatePython(folder: string): Promise<void> {
  const path = await written(documentForClients(described));
  const generator = process.env["OPENAPI_PYTHON_CLIENT"] ?? "openapi-python-client";
  const api = join(folder, "api");
  await cp(PYTHON_PACKAGE, folder, { recursive: true });
  await rm(api, { recursive: true, force: true });
  const asked = ["generate", "--path", path, "--output-path", api, "--meta", "none"];
  execFileSync(generator, asked, { stdio: ["ignore", "ignore", "inherit"] });
}

async function written(document: object): Promise<string> {
  const path = join(work, "openapi.json");
  await writeFile(path, JSON.stringify(document));
  return path;
}

const [language, folder = PYTHON_PACKAGE] = process.argv.slice(2);
if (language === "go") await generateGo();
else if (language === "python") await generatePython(folder);
else throw new Error(`expected go or python, got ${language ?? "nothing"}`);
await rm(work, { recursive: true });
