/** The pages on embedding: each block compiles strictly beside the packed file, and runs. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ask, startApi } from "../support/api.ts";
import { examplesOf } from "../support/doc-examples.ts";
import { keptPort } from "../support/kept-port.ts";
import { linkFromHere, type Packed, packHookwave } from "../support/packed.ts";
import { startReceiver } from "../support/receiver.ts";
import { readRepositoryFile } from "../support/repository.ts";
import { startHookwave, startRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const STRICT = {
  target: "es2022",
  lib: ["es2023", "esnext.disposable"],
  module: "nodenext",
  types: ["node"],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noEmit: true,
};
const KEY = "k".repeat(40);

let packed: Packed;
beforeAll(() => {
  packed = packHookwave();
  for (const name of ["@types/node", "express", "@types/express"]) linkFromHere(packed.folder, name);
});
afterAll(() => packed[Symbol.dispose]());

/** What the strict compiler says about a program beside the packed file, which then lies there. */
function compiled(name: string, code: string): { readonly path: string; readonly said: string } {
  const path = packed.write(name, code);
  packed.write("tsconfig.json", JSON.stringify({ compilerOptions: STRICT, files: [name] }));
  const words = [`${root}node_modules/typescript/bin/tsc`, "-p", packed.folder];
  const { stdout, stderr } = spawnSync(process.execPath, words, { encoding: "utf8" });
  return { path, said: stdout + stderr };
}

function run(path: string, env: Readonly<Record<string, string>>) {
  const child: ChildProcess = spawn(process.execPath, [path], {
    cwd: packed.folder,
    env: { PATH: process.env["PATH"], ...env },
  });
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (printed += chunk));
  return { child, printed: () => printed, ended: once(child, "close").then(([code]) => Number(code)) };
}

const SERVERS = [
  ["In an Express application", "express"],
  ["In a Fastify application", "fastify"],
  ["In Node's own server", "node"],
] as const;

describe("docs/embedding.md", () => {
  it.each(SERVERS)(
    "%s: the block compiles, mounts the API, publishes and ends on SIGTERM",
    async (title, name) => {
      await using redis = await startRedis();
      const [, section = ""] = readRepositoryFile("docs/embedding.md").split(`## ${title}\n`);
      const code = /```ts\n([\s\S]*?)```/.exec(section)?.[1] ?? "";
      const port = String(await keptPort());
      expect(code).toContain("3000");
      const { path, said } = compiled(`${name}-page.ts`, code.replaceAll("3000", port));
      expect(said).toBe("");
      const program = run(path, {
        REDIS_URL: redis.url,
        HOOKWAVE_ENCRYPTION_KEY: Buffer.alloc(32).toString("base64"),
        HOOKWAVE_API_KEY: KEY,
      });
      const at = `http://127.0.0.1:${port}`;
      try {
        await until(
          "it serves",
          async () => (await ask(`${at}/hookwave/healthz`).catch(() => null))?.status === 200,
        );
        const headers = { "content-type": "application/json" };
        const placed = await ask(`${at}/orders`, { method: "POST", headers, body: '{"order":1}' });
        expect(placed).toMatchObject({ status: 202 });
        expect(placed.text).toContain("evt_");
        const authorization = `Bearer ${KEY}`;
        expect(await ask(`${at}/hookwave/api/v1/status`)).toMatchObject({ status: 401 });
        expect(await ask(`${at}/hookwave/api/v1/status`, { headers: { authorization } })).toMatchObject({
          status: 200,
        });
      } finally {
        program.child.kill("SIGTERM");
      }
      expect({ code: await program.ended, printed: program.printed() }).toMatchObject({ code: 0 });
    },
    60_000,
  );
});

describe("docs/reference.md", () => {
  it("calls every member of publisher, client and service, and all of it compiles and runs", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver();
    await using service = await startHookwave(redis, { role: "api" });
    await using api = await startApi(service);
    const { path, said } = compiled("reference.ts", (await examplesOf("docs/reference.md", "ts")).join("\n"));
    expect(said).toBe("");
    const program = run(path, { REDIS_URL: redis.url, HOOKWAVE_URL: api.url, RECEIVER_URL: receiver.url });
    expect({ code: await program.ended, printed: program.printed() }).toMatchObject({ code: 0 });
    expect(receiver.requests.length).toBeGreaterThan(0);
  }, 180_000);
});
