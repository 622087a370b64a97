/** A real browser, where it is installed (Debian: chromium), without its user interface; CI always has it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { text } from "node:stream/consumers";
import { IS_DEEP } from "./depth.ts";

export const INSTALL_BROWSER = "apt-get install --no-install-recommends chromium";

/** The path of a browser, or null where there is none; a deep run insists on it. */
export function findBrowser(): string | null {
  const directories = (process.env["PATH"] ?? "").split(delimiter);
  const path = directories.map((directory) => join(directory, "chromium")).find(existsSync);
  if (path === undefined && IS_DEEP)
    throw new Error(`expected chromium on PATH, got none; ${INSTALL_BROWSER}`);
  return path ?? null;
}

/** Without what it would ask of its maker's servers. */
const QUIET = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--disable-dev-shm-usage",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** The document at this address once its scripts have run, as the browser has it then. */
export async function documentAt(browser: string, url: string, flags: readonly string[]): Promise<string> {
  const profile = await mkdtemp(join(tmpdir(), "hookwave-browser-"));
  const words = [
    ...QUIET,
    ...flags,
    `--user-data-dir=${profile}`,
    "--virtual-time-budget=8000",
    "--dump-dom",
    url,
  ];
  const child = spawn(browser, words, { stdio: ["ignore", "pipe", "ignore"] });
  try {
    return await text(child.stdout);
  } finally {
    child.kill("SIGKILL");
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/**
 * Opens a page of an origin of its own, whose script is this text, and resolves once the script has fetched `/done`.
 * `flags` are the browser's own, such as names that it is to resolve otherwise.
 */
export async function runPage(
  browser: string,
  script: string,
  { host = "127.0.0.1", flags = [] }: { readonly host?: string; readonly flags?: readonly string[] } = {},
): Promise<void> {
  const done = Promise.withResolvers<void>();
  const server = createServer((request, response) => {
    if (request.url === "/done") done.resolve();
    response.setHeader("content-type", "text/html");
    response.end(request.url === "/" ? `<!doctype html><script type="module">${script}</script>` : "");
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const profile = await mkdtemp(join(tmpdir(), "hookwave-browser-"));
  const url = `http://${host}:${Object(server.address()).port}/`;
  const child = spawn(
    browser,
    [...QUIET, ...flags, `--user-data-dir=${profile}`, "--remote-debugging-port=0", url],
    {
      stdio: "ignore",
    },
  );
  const exited = once(child, "exit");
  void exited.then(([code]) =>
    done.reject(new Error(`the browser ended with ${code} before its page was done`)),
  );
  try {
    await done.promise;
  } finally {
    child.kill("SIGKILL");
    await exited;
    server.close();
    server.closeAllConnections();
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
