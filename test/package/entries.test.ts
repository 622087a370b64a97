/** The packed package in a stranger's program: what each entry loads, and that it does what it says. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Loads, loadsOf } from "../support/loads.ts";
import { type Packed, packHookwave } from "../support/packed.ts";
import { startRedis, type TestRedis } from "../support/service.ts";

let packed: Packed;
let redis: TestRedis;
beforeAll(async () => {
  packed = packHookwave();
  redis = await startRedis();
});
afterAll(async () => {
  packed[Symbol.dispose]();
  await redis[Symbol.asyncDispose]();
});

/** Runs a program beside the installed package. */
const run = (code: string): Loads => loadsOf([packed.write("program.js", code)], packed.folder);

const SERVICE_ONLY = [
  "@fastify/helmet",
  "@fastify/swagger",
  "fastify",
  "lru-cache",
  "opossum",
  "pino",
  "prom-client",
  "undici",
];

describe("the packed file", () => {
  const inPackage = (path: string): string => join(packed.folder, "node_modules/hookwave", path);

  it("has the licence, the pages, the examples and the changes", () => {
    for (const path of ["LICENSE", "README.md", "CHANGELOG.md", "docs/receiving.md", "examples/express.ts"])
      expect(existsSync(inPackage(path)), path).toBe(true);
  });

  it("has the API's description, without the spaces, under a name", () => {
    const kept = readFileSync(inPackage("docs/openapi.json"), "utf8");
    expect(kept.length).toBeLessThan(JSON.stringify(JSON.parse(kept)).length * 1.01);
    const { stdout, stderr } = run(`
      import description from "hookwave/openapi.json" with { type: "json" };
      console.log(description.openapi);
    `);
    expect(stderr).toBe("");
    expect(stdout).toBe("3.1.0\n");
  });

  it("holds no module that is gone from src", () => {
    const built = readdirSync(inPackage("dist"), { recursive: true, encoding: "utf8" });
    const modules = built.filter((path) => path.endsWith(".js")).map((path) => path.replace(/js$/, "ts"));
    const source = new URL("../../src/", import.meta.url);
    expect(modules.filter((path) => !existsSync(new URL(path, source)))).toEqual([]);
  });
});

describe("a publisher loads nothing of the service", () => {
  it.each(["hookwave", "hookwave/publisher"])("with %s, and publishes", (entry) => {
    const { stdout, stderr, packages } = run(`
      import { createPublisher } from "${entry}";
      const hookwave = createPublisher({ redisUrl: "${redis.url}" });
      const { id } = await hookwave.publish({ type: "invoice.paid", data: { invoice: "in_42" } });
      await hookwave.close();
      console.log(id);
    `);
    expect(stderr).toBe("");
    expect(stdout).toMatch(/^evt_\S+\n$/);
    expect(packages).toEqual(expect.arrayContaining(["bullmq", "hookwave", "ioredis"]));
    expect(packages.filter((name) => SERVICE_ONLY.includes(name) || name.startsWith("@fastify/"))).toEqual(
      [],
    );
  });

  it("while creating the service loads it", () => {
    const { stdout, stderr, packages } = run(`
      import { createHookwave } from "hookwave";
      const hookwave = await createHookwave({ redisUrl: "${redis.url}", encryptionKey: new Uint8Array(32) });
      await hookwave.close();
      console.log("closed");
    `);
    expect(stderr).toBe("");
    expect(stdout).toBe("closed\n");
    expect(packages).toEqual(expect.arrayContaining(["opossum", "undici"]));
  });
});
