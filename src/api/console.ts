/**
 * Serves the page for operators from the folder that `npm run build` makes. Whatever its address, the page is one file,
 * whose references are relative and written to the address' depth: so it works behind a proxy, under a path that nobody
 * here knows. It is public; all that it shows, it asks of the API, as anybody has to.
 */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import files from "@fastify/static";
import type { FastifyReply } from "fastify";
import { codeOf } from "../core/errors.ts";
import { isFileName, isPagePath, pathBelow } from "./paths.ts";
import type { ApiSettings } from "./ports.ts";
import { Refusal } from "./problem.ts";
import type { Api } from "./routing.ts";
import { CONSOLE_POLICY } from "./security-headers.ts";

/** The same from src/api and from dist/api. */
export const CONSOLE_FOLDER = new URL("../../dist/console/", import.meta.url);

const PUBLIC = { config: { access: "anyone", isRoutine: true }, schema: { hide: true } } as const;
/** Their names have a digest of what they hold. */
const ASSET_CACHE = { immutable: true, maxAge: "365d", index: false } as const;

export function addConsole(app: Api, folder: URL): void {
  const assets = fileURLToPath(new URL("assets/", folder));
  app.register(async (pages: Api) => {
    pages.register(files, { serve: false });
    pages.get("/console", PUBLIC, async ({ url }, reply) =>
      // Both with a slash at the end and without come here; without one, what is relative would lead elsewhere.
      pathBelow("/console/", url) === null ? reply.redirect("console/") : sendPage(reply, folder, ""),
    );
    pages.get("/console/*", PUBLIC, async ({ url }, reply) => {
      const path = pathBelow("/console/", url) ?? "";
      const asset = pathBelow("assets/", path);
      if (asset !== null && isFileName(asset)) return reply.sendFile(asset, assets, ASSET_CACHE);
      if (asset !== null || !isPagePath(path)) return reply.callNotFound();
      return sendPage(reply, folder, path);
    });
  });
}

/** Relative, so that it leads to the right place behind a proxy, too. */
export function addStartPage(app: Api, settings: Pick<ApiSettings, "console" | "apiDocs">): void {
  const place = settings.console ? "console/" : "docs";
  if (!settings.console && !settings.apiDocs) return;
  app.register(async (start: Api) => {
    start.get("/", PUBLIC, async (_request, reply) => reply.redirect(place));
  });
}

/** `path` is the page's address below /console/. */
async function sendPage(reply: FastifyReply, folder: URL, path: string): Promise<string> {
  const page = await readPage(folder);
  const up = "../".repeat(path.split("/").length - 1);
  reply
    .type("text/html; charset=utf-8")
    .header("cache-control", "no-store")
    .header("content-security-policy", CONSOLE_POLICY);
  return page.replace(/\b((?:src|href)=["']?)\.\/(?=assets\/)/g, `$1${up === "" ? "./" : up}`);
}

/** Read each time: a build that takes the place of another has other names for its files. */
async function readPage(folder: URL): Promise<string> {
  try {
    return await readFile(new URL("index.html", folder), "utf8");
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
    throw new Refusal("ROUTE_UNKNOWN", {
      expected: "the console, built",
      got: "none in dist/console",
      remedy: "npm run build makes it; CONSOLE=false does without",
    });
  }
}
