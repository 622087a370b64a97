/**
 * Runs the steps of the Dockerfile by hand in two empty folders, as an engine would, on this machine's system: a Hookwave
 * comes out that says its version and its commands, with production dependencies only.
 */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { VERSION } from "../src/wire/version.ts";

const root = fileURLToPath(new URL("../", import.meta.url));

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

/** Throws where a step fails, or something else comes out. */
function check(ground: string): void {
  const folders = [join(ground, "build"), join(ground, "image")];
  for (const folder of folders) mkdirSync(folder);
  for (const { stage, what, words } of stepsOf(readFileSync(join(root, "Dockerfile"), "utf8"))) {
    const folder = folders[stage] ?? "";
    if (what === "COPY" && words[0] === "--from=build")
      copy(
        folders[0] ?? "",
        folder,
        words.slice(1).map((word) => word.replace(WORKDIR, "")),
      );
    else if (what === "COPY") copy(root, folder, words, (path) => !IGNORED.test(path.slice(root.length)));
    else if (what === "RUN")
      execFileSync("sh", ["-c", words.join(" ")], { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
  }
  const image = folders[1] ?? "";
  const run = (...words: readonly string[]): string =>
    execFileSync(process.execPath, ["dist/main.js", ...words], { cwd: image, encoding: "utf8" });
  insist(run("--version").trim() === VERSION, `expected --version to say ${VERSION}`);
  insist(run("--help").includes("durable outbound webhook"), "expected --help to say what it is");
  insist(!existsSync(join(image, "node_modules/vitest")), "expected no development dependencies");
}

function insist(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(`${otherwise} in the image's folder`);
}

const ground = mkdtempSync(join(tmpdir(), "hookwave-image-"));
try {
  check(ground);
  console.log("the steps of the Dockerfile make a Hookwave that runs");
} finally {
  rmSync(ground, { recursive: true, force: true });
}
