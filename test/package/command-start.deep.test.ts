/** How little `hookwave` loads before it answers, and what it says on a Node that is too old for the rest. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { EXIT } from "../../src/cli/exit-codes.ts";
import { VERSION } from "../../src/wire/version.ts";
import { loadsOf } from "../support/loads.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const MAIN = `${root}src/main.ts`;

/**
 * zod comes with the table of an endpoint's settings, which the options are made of: some 50 ms of CPU. The other one counts
 * the cells of a line, for the tables of help as well: 4 ms.
 */
const ALWAYS: readonly string[] = ["zod", "get-east-asian-width"];
const beyondTheTable = (packages: readonly string[]) => packages.filter((name) => !ALWAYS.includes(name));

describe("the command loads no library but zod and what counts cells, and no other command", () => {
  it.each([
    [["--version"], VERSION],
    [["--help"], "durable outbound webhooks"],
    [[], "durable outbound webhooks"],
    [["help", "status"], "hookwave status"],
    [["start", "--help"], "hookwave start"],
    [["demo", "--version"], VERSION],
  ])("for %j", (words, says) => {
    const { stdout, modules, packages } = loadsOf([MAIN, ...words]);
    expect(stdout).toContain(says);
    expect(beyondTheTable(packages)).toEqual([]);
    expect(modules.filter((url) => url.includes("/src/cli/commands/"))).toEqual([
      expect.stringMatching(/help\.ts$/),
    ]);
  });

  it("to refuse what it does not understand", () => {
    const { stderr, modules, packages } = loadsOf([MAIN, "statsu"]);
    expect(stderr).toContain('did you mean "status"');
    expect(beyondTheTable(packages)).toEqual([]);
    expect(modules.filter((url) => url.includes("/src/cli/commands/"))).toEqual([]);
  });
});

describe("a command that speaks to a service", () => {
  it.each([["status"], ["publish", "invoice.paid", "{}"], ["endpoints", "list"], ["keys", "list"]])(
    "loads no service: %s %s",
    (...words) => {
      const { stderr, packages } = loadsOf([MAIN, ...words, "--api", "http://127.0.0.1:1"]);
      expect(stderr).toContain("API_UNAVAILABLE");
      expect(
        packages.filter((name) => ["bullmq", "fastify", "ioredis", "opossum", "undici"].includes(name)),
      ).toEqual([]);
    },
  );
});

describe("on a Node that is too old", () => {
  const { engines } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
  const refusal = (found: string): string =>
    `hookwave: expected Node 22.19 or newer, got ${found}; install a newer one (https://nodejs.org) and put it first on PATH\n`;
  const pretend = (version: string): readonly string[] => [
    "--import",
    `data:text/javascript,Object.defineProperty(process.versions,"node",{value:"${version}"})`,
  ];

  it("the first line says which one is needed, as package.json does", () => {
    expect(engines).toEqual({ node: ">=22.19" });
    const { stderr, modules } = loadsOf([...pretend("22.18.0"), MAIN, "status"]);
    expect(stderr).toBe(refusal("22.18.0"));
    expect(modules).toEqual([expect.stringMatching(/src\/main\.ts$/)]);
  });

  it.each(["14.21.3", "20.20.2", "22.18.9"])("%s ends with the code of a misconfiguration", (version) => {
    const { status } = spawnSync(process.execPath, [...pretend(version), MAIN, "--version"]);
    expect(status).toBe(EXIT.configuration);
  });

  it.each(["22.19.0", "23.0.0", "100.1.0"])("%s is none", (version) => {
    expect(loadsOf([...pretend(version), MAIN, "--version"]).stdout).toBe(`${VERSION}\n`);
  });

  // Whichever the machine has beside ours: only a real one tells that it can read the file at all.
  it.each(otherNodes().filter(([version]) => Number.parseInt(version, 10) < 22))(
    "a real %s, %s",
    (version, path) => {
      using main = compiledMain();
      const { stderr, status } = spawnSync(path, [main.path, "status"], { encoding: "utf8" });
      expect(stderr).toBe(refusal(version));
      expect(status).toBe(EXIT.configuration);
    },
  );
});

/** Every Node on PATH and where systems keep one, with its version. */
function otherNodes(): readonly (readonly [string, string])[] {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/bin", "/usr/local/bin"];
  return [...new Set(folders)].flatMap((folder) => {
    const path = join(folder, "node");
    const { stdout, status } = spawnSync(path, ["-p", "process.versions.node"], { encoding: "utf8" });
    return status === 0 ? [[stdout.trim(), path] as const] : [];
  });
}

/** src/main.ts as JavaScript, which is what is shipped. */
function compiledMain(): Disposable & { readonly path: string } {
  const folder = mkdtempSync(join(tmpdir(), "hookwave-main-"));
  const path = join(folder, "main.mjs");
  writeFileSync(path, stripTypeScriptTypes(readFileSync(MAIN, "utf8")));
  return { path, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}
