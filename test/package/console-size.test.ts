/** The console is small: it opens at once over any line, and stays so. */
import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { builtConsole } from "../support/console-build.ts";

const FIRST_LOAD_MAX_BYTES = 40 * 1_024;
const ALL_MAX_BYTES = 90 * 1_024;

describe("the console's files", () => {
  it("are at most 40 KB gzipped for the first page, and 90 KB in all", async () => {
    const folder = await builtConsole();
    const read = (path: string): string => readFileSync(new URL(path, folder), "utf8");
    const sizeOf = (paths: Iterable<string>): number =>
      [...paths].reduce((sum, path) => sum + gzipSync(read(path)).length, 0);

    const first = new Set(["index.html"]);
    const visit = (name: string): void => {
      if (first.has(`assets/${name}`)) return;
      first.add(`assets/${name}`);
      // What a chunk imports comes with it; what it loads on demand does not.
      for (const [, next = ""] of read(`assets/${name}`).matchAll(/(?:from|import)\s*"\.\/([\w.-]+\.js)"/g))
        visit(next);
    };
    for (const [, name = ""] of read("index.html").matchAll(/"\.\/assets\/([\w.-]+)"/g)) visit(name);
    const all = ["index.html", ...readdirSync(new URL("assets/", folder)).map((name) => `assets/${name}`)];

    expect(first.size).toBeGreaterThan(2);
    expect(sizeOf(first)).toBeLessThanOrEqual(FIRST_LOAD_MAX_BYTES);
    expect(sizeOf(all)).toBeLessThanOrEqual(ALL_MAX_BYTES);
  });
});
