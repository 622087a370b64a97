/** The package hookwave-receiver in a stranger's empty folder: small, alone, and able to verify. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FIXTURE_SECRET, signedFixture } from "../../src/testing/signed-fixture.ts";
import { VERSION } from "../../src/wire/version.ts";
import { loadsOf } from "../support/loads.ts";
import { type Packed, packReceiver } from "../support/packed.ts";

const MAX_BYTES = 15_000;

let packed: Packed;
beforeAll(() => {
  packed = packReceiver();
});
afterAll(() => packed[Symbol.dispose]());

const folder = (): string => join(packed.folder, "node_modules/hookwave-receiver");
const read = (name: string): string => readFileSync(join(folder(), name), "utf8");

/** Runs a program beside the installed package. */
const run = (code: string, ...words: readonly string[]) =>
  loadsOf([...words, packed.write("program.js", code)], packed.folder);

const verifying = (): string => {
  const { body, headers } = signedFixture();
  return `
    import { createInbox, createMemoryStore, verify, VerificationError } from "hookwave-receiver";
    const request = ${JSON.stringify({ body, headers, secret: FIXTURE_SECRET })};
    const event = await verify(request.body, request.headers, request.secret);
    let runs = 0;
    const inbox = createInbox({ store: createMemoryStore(), handler: () => { runs += 1; } });
    await inbox.process(event);
    const again = await inbox.process(event);
    const forged = await verify(request.body + " ", request.headers, request.secret).catch((error) => error);
    console.log(event.id, again.kind, runs, forged instanceof VerificationError && forged.code);
  `;
};
const VERIFIED = /^\S+ duplicate 1 SIGNATURE_MISMATCH\n$/;

describe("hookwave-receiver", () => {
  it("verifies a signed request, refuses a forged one, and handles each event once", () => {
    const { stdout, stderr, packages } = run(verifying());
    expect(stderr).toBe("");
    expect(stdout).toMatch(VERIFIED);
    expect(packages).toEqual(["hookwave-receiver"]);
  });

  it("does so where WebCrypto is no global, as on Node 18", () => {
    const { stdout, stderr } = run(verifying(), "--import", "data:text/javascript,delete globalThis.crypto");
    expect(stderr).toBe("");
    expect(stdout).toMatch(VERIFIED);
  });

  it("has every entry of hookwave/receiver", async () => {
    const own: unknown = JSON.parse(read("package.json"));
    const whole: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
    const entries = Object.keys(Object(own).exports).filter((name) => name !== "./package.json");
    const ofHookwave = Object.keys(Object(whole).exports).filter((name) => name.startsWith("./receiver"));
    expect(entries.map((name) => name.replace(/^\./, "./receiver"))).toEqual(ofHookwave);
    const imports = entries.map((name) => `await import("hookwave-receiver${name.slice(1)}");`);
    expect(run(imports.join("\n"))).toMatchObject({ stderr: "", packages: ["hookwave-receiver"] });
  });

  it(`loads at most ${MAX_BYTES} bytes for its main entry`, () => {
    const { modules } = run('import "hookwave-receiver";');
    const own = modules.filter((url) => url.includes("/hookwave-receiver/"));
    expect(own.length).toBeGreaterThan(0);
    const bytes = own.map((url) => readFileSync(new URL(url)).byteLength);
    expect(bytes.reduce((sum, one) => sum + one)).toBeLessThanOrEqual(MAX_BYTES);
  });

  it("needs no package, and of Node only the WebCrypto that Node 18 hides", () => {
    const manifest: unknown = JSON.parse(read("package.json"));
    expect(manifest).toMatchObject({ version: VERSION, engines: { node: ">=18" }, license: "MIT" });
    expect(Object(manifest)).not.toHaveProperty("dependencies");
    expect(Object(manifest).peerDependenciesMeta).toEqual({ fastify: { optional: true } });
    expect(readdirSync(join(packed.folder, "node_modules")).filter((name) => !name.startsWith("."))).toEqual([
      "hookwave-receiver",
    ]);
    const code = readdirSync(folder()).filter((name) => name.endsWith(".js"));
    const imported = code.map((name) => [
      name,
      [...read(name).matchAll(/\b(?:from|import)\s*\(?["'`]([^."'`][^"'`]*)/g)].map(([, id]) => id),
    ]);
    expect(imported.filter(([, ids]) => ids?.length !== 0)).toEqual([
      ["index.js", ["#web-crypto"]],
      ["verify.js", ["#web-crypto"]],
      ["web-crypto-node.js", ["node:crypto"]],
    ]);
    expect(code.filter((name) => /\brequire\b|\bprocess\.|\bBuffer\b/.test(read(name)))).toEqual([]);
  });

  it("is packed with its licence, its types and nothing of the service", () => {
    const files = execFileSync("tar", ["-tzf", packed.tarball], { encoding: "utf8" }).trim().split("\n");
    expect(files).toContain("package/README.md");
    expect(files).toContain("package/LICENSE");
    expect(files.filter((name) => !/\.(?:js|d\.ts|json|md)$|\/LICENSE$/.test(name))).toEqual([]);
  });
});
