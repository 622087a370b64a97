/** A console of a few lines, as a build would leave it, and what a browser sends when somebody is signed in to it. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Answer, type Api, ask } from "./api.ts";

export const PAGE = `<!doctype html><html lang="en"><head><title>Hookwave</title>
<script type="module" crossorigin src="./assets/index-Ab12.js"></script>
<link rel="stylesheet" crossorigin href="./assets/index-Cd34.css"></head><body></body></html>
`;
export const SCRIPT = "document.title = 'ran';\n";

export interface BuiltConsole extends AsyncDisposable {
  readonly folder: URL;
}

export async function buildConsole(): Promise<BuiltConsole> {
  const directory = await mkdtemp(join(tmpdir(), "hookwave-console-"));
  await mkdir(join(directory, "assets"));
  await writeFile(join(directory, "index.html"), PAGE);
  await writeFile(join(directory, "assets", "index-Ab12.js"), SCRIPT);
  await writeFile(join(directory, "assets", "index-Cd34.css"), "body { margin: 0 }\n");
  await writeFile(join(directory, "secret.txt"), "not for anyone");
  return {
    folder: pathToFileURL(`${directory}/`),
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}

type Headers = Readonly<Record<string, string>>;

export const SESSION = "/console/session";
const JSON_TYPE = { "content-type": "application/json" };

export function signIn(api: Api, key: string, headers: Headers = {}): Promise<Answer> {
  const body = JSON.stringify({ key });
  return ask(`${api.url}${SESSION}`, { method: "POST", headers: { ...JSON_TYPE, ...headers }, body });
}

/** The cookie that an answer sets, as a browser sends it back. */
export const cookieOf = ({ headers }: Answer): string =>
  (headers.get("set-cookie") ?? "").split(";", 1)[0] ?? "";

export const shown = (api: Api, headers: Headers = {}): Promise<Answer> =>
  ask(`${api.url}${SESSION}`, { headers });
