/** Builds the console's page into a folder: what the API serves at /console, of files that a browser may keep for ever. */
import { join } from "node:path";
import { build } from "vite";

/** References are relative: the page works under any prefix, and finds the API from where its own files came. */
export async function buildConsole(root: string, outDir: string): Promise<void> {
  await build({
    configFile: false,
    root: join(root, "src/console"),
    base: "./",
    publicDir: false,
    logLevel: "warn",
    oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
    build: {
      outDir,
      emptyOutDir: true,
      target: "es2023",
      // A data: URL is none of the page's own files, which are all that its policy allows.
      assetsInlineLimit: 0,
      // Every browser that knows light-dark() preloads modules by itself.
      modulePreload: { polyfill: false },
    },
  });
}
