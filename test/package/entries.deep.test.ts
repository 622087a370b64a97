/** The packed package in a stranger's program: what each entry loads, and that it does what it says. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Loads, loadsOf } from "../support/loads.ts";
import { linkFromHere, type Packed, packHookwave } from "../support/packed.ts";
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
    // The page's files are bundles, named by what they hold.
    const isModule = (path: string): boolean => path.endsWith(".js") && !path.startsWith("console/");
    const modules = built.filter(isModule).map((path) => path.replace(/js$/, "ts"));
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

describe("OpenTelemetry beside the package", () => {
  const start = () =>
    spawnSync(process.execPath, ["node_modules/hookwave/dist/main.js", "start"], {
      cwd: packed.folder,
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1", REDIS_URL: redis.url },
      encoding: "utf8",
    });
  const publisherWith = (options: string): string => `
    import { createPublisher } from "hookwave/publisher";
    const publisher = createPublisher({ redisUrl: "${redis.url}", ${options} });
    await publisher.publish({ type: "invoice.paid", data: {} });
    await publisher.close();
    console.log("published");
  `;

  it("is asked for where a collector is named, or traces are insisted on, and it is not there", () => {
    expect(run(publisherWith("traces: true")).stderr).toContain("npm install @opentelemetry/api@~1.10");
    const nothing = start();
    expect(nothing.stderr).toMatch(/got +no @opentelemetry\/.*\n.*npm install @opentelemetry\/api@~1\.10/);
    expect(nothing.status).toBe(78);
    for (const name of ["api", "resources", "sdk-trace"])
      linkFromHere(packed.folder, `@opentelemetry/${name}`);
    expect(start().stderr).toMatch(/got +no @opentelemetry\/exporter-trace-otlp-proto\n/);
  });

  it("is not even loaded where no SDK has been started", () => {
    const { stdout, packages } = run(publisherWith(""));
    expect(stdout).toBe("published\n");
    expect(packages.filter((name) => name.startsWith("@opentelemetry/"))).toEqual([]);
    const sdk = 'import { diag } from "@opentelemetry/api"; diag.setLogger({ debug() {} });';
    expect(run(`${sdk}\n${publisherWith("")}`).packages).toContain("@opentelemetry/api");
  });
});
