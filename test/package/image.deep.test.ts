/** The steps of the Dockerfile, run by hand in two empty folders: what an engine would do, on this machine's system. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { VERSION } from "../../src/wire/version.ts";
import { readRepositoryFile } from "../support/repository.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const ground = mkdtempSync(join(tmpdir(), "hookwave-image-"));
afterAll(() => rmSync(ground, { recursive: true, force: true }));

const IGNORED = /(^|\/)(node_modules|dist|\.git|\.hookwave)(\/|$)/;
const WORKDIR = "/app/";

interface Step {
  readonly stage: number;
  readonly what: string;
  readonly words: readonly string[];
}

/** Instructions in their order, with the stage that each belongs to. */
function stepsOf(dockerfile: string): readonly Step[] {
  let stage = -1;
  return dockerfile
    .replaceAll("\\\n", " ")
    .split("\n")
    .filter((line) => /^[A-Z]/.test(line))
    .map((line) => {
      const [what = "", ...words] = line.split(/\s+/);
      if (what === "FROM") stage += 1;
      return { stage, what, words };
    });
}

function copy(from: string, to: string, words: readonly string[], filter?: (path: string) => boolean): void {
  const sources = words.slice(0, -1);
  const target = join(to, words.at(-1) ?? "");
  for (const source of sources) {
    const isInto = sources.length > 1 || /\/$/.test(words.at(-1) ?? "");
    const path = isInto ? join(target, source.split("/").at(-1) ?? "") : target;
    mkdirSync(dirname(path), { recursive: true });
    cpSync(join(from, source), path, { recursive: true, verbatimSymlinks: true, ...(filter && { filter }) });
  }
}

it("make a Hookwave that says its version and its commands, with production dependencies only", () => {
  const steps = stepsOf(readRepositoryFile("Dockerfile"));
  const folders = [join(ground, "build"), join(ground, "image")];
  for (const folder of folders) mkdirSync(folder);
  for (const { stage, what, words } of steps) {
    const folder = folders[stage] ?? "";
    if (what === "COPY" && words[0] === "--from=build")
      copy(
        folders[0] ?? "",
        folder,
        words.slice(1).map((word) => word.replace(WORKDIR, "")),
      );
    else if (what === "COPY") copy(root, folder, words, (path) => !IGNORED.test(path.slice(root.length)));
    else if (what === "RUN")
      execFileSync("sh", ["-c", words.join(" ")], { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  }
  const run = (...words: readonly string[]): string =>
    execFileSync(process.execPath, ["dist/main.js", ...words], { cwd: folders[1], encoding: "utf8" });
  expect(run("--version").trim()).toBe(VERSION);
  expect(run("--help")).toContain("durable outbound webhook");
  expect(() => execFileSync("ls", ["node_modules/vitest"], { cwd: folders[1], stdio: "ignore" })).toThrow();
}, 240_000);
