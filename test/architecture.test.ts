import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { roomsInCircles, violations } from "./support/architecture-rules.ts";
import { twins } from "./support/shapes.ts";

const root = new URL("../", import.meta.url);

function sourcesUnder(folder: string): ReadonlyMap<string, string> {
  const entries = readdirSync(new URL(folder, root), { recursive: true, encoding: "utf8" });
  const paths = entries.filter((entry) => /\.tsx?$/.test(entry)).map((entry) => `${folder}/${entry}`);
  return new Map(paths.map((path) => [path, readFileSync(new URL(path, root), "utf8")]));
}

const HEADER = "/**\n * A part of the journey.\n * It refuses to do anything else.\n */\n";

/** The violations of modules given without their opening comment. */
function judge(files: Readonly<Record<string, string>>): readonly string[] {
  return violations(new Map(Object.entries(files).map(([path, source]) => [path, HEADER + source])));
}

describe("the architecture", () => {
  it("holds everywhere in src", () => {
    expect(violations(sourcesUnder("src"))).toEqual([]);
  });

  it("has floors: every arrow runs down", () => {
    expect(roomsInCircles()).toEqual([]);
  });

  it("declares each shape once", () => {
    expect(twins(sourcesUnder("src"))).toEqual([]);
  });

  it("is judged by what the modules really import", () => {
    const metrics = sourcesUnder("src").get("src/observe/metrics.ts") ?? "";
    expect(violations(new Map([["src/core/metrics.ts", metrics]]))).toEqual([
      "src/core/metrics.ts (core) may not import prom-client; its owner is observe",
    ]);
  });
});

describe("the rules see a planted violation", () => {
  it.each([
    ["src/core/a.ts", 'import { b } from "../wire/b.ts";', "may not import src/wire/b.ts (wire)"],
    ["src/core/a.ts", 'import { z } from "zod";', "may not import zod; its owner is config"],
    ["src/core/a.ts", 'import { readFileSync } from "node:fs";', "is pure: no node:fs"],
    ["src/core/a.ts", "setTimeout(() => {}, 1);", "core is pure"],
    ["src/wire/a.ts", 'import { createServer } from "node:http";', "is pure: no node:http"],
    ["src/wire/a.ts", "const nonce = randomUUID();", "wire is pure"],
    ["src/queue/a.ts", 'import type { B } from "../store/b.ts";', "may not import src/store/b.ts (store)"],
    ["src/queue/a.ts", 'export { b } from "../deliver/b.ts";', "may not import src/deliver/b.ts (deliver)"],
    ["src/queue/a.ts", 'export * from "../deliver/b.ts";', "may not import src/deliver/b.ts (deliver)"],
    [
      "src/queue/a.ts",
      'const b = await import("../deliver/b.ts");',
      "may not import src/deliver/b.ts (deliver)",
    ],
    [
      "src/queue/a.ts",
      "const b = await import(`../deliver/b.ts`);",
      "may not import src/deliver/b.ts (deliver)",
    ],
    ["src/queue/a.ts", 'import "../deliver/b.ts";', "may not import src/deliver/b.ts (deliver)"],
    ["src/queue/a.ts", "const b = await import(name);", "imports a computed module"],
    [
      "src/queue/a.ts",
      'import {\n  b, // why\n  type C,\n} from "../deliver/b.ts";',
      "may not import src/deliver",
    ],
    ["src/deliver/a.ts", 'import { Queue } from "bullmq";', "may not import bullmq; its owner is queue"],
    ["src/queue/a.ts", 'import Redis from "ioredis";', "may not import ioredis; its owner is store"],
    ["src/manage/a.ts", 'import { render } from "preact";', "may not import preact; its owner is console"],
    ["src/console/a.tsx", 'import { b } from "../api/b.ts";', "imports more than types from api"],
    [
      "src/console/a.tsx",
      'import type { B } from "../manage/b.ts";',
      "(console) may not import src/manage/b.ts (manage)",
    ],
    ["src/receiver/a.ts", 'import { b } from "../console/b.ts";', "may not import src/console/b.ts"],
    [
      "src/store/a.ts",
      'import { trace } from "@opentelemetry/api";',
      "may not import @opentelemetry/api; its owner is src/observe/spans.ts, src/observe/otlp.ts",
    ],
    [
      "src/observe/a.ts",
      'const sdk = await import("@opentelemetry/sdk-trace");',
      "its owner is src/observe/spans.ts",
    ],
    ["src/publish/a.ts", 'import axios from "axios";', "imports axios, a vendor without an owner"],
    ["src/config/a.ts", 'import { store } from "../store/b.ts";', "may not import src/store/b.ts"],
    [
      "src/queue/a.ts",
      'import { b } from "../deliver/ports.ts";',
      "imports more than types from src/deliver/ports.ts",
    ],
    [
      "src/store/a.ts",
      'import { b } from "../bus/bridge-ports.ts";',
      "imports more than types from src/bus/bridge-ports.ts",
    ],
    [
      "src/store/a.ts",
      'import type { B } from "../bus/reports.ts";',
      "may not import src/bus/reports.ts (bus)",
    ],
    [
      "src/deliver/a.ts",
      'import type { B } from "../queue/ports.ts";',
      "may not import src/queue/ports.ts (queue)",
    ],
    [
      "src/queue/a.ts",
      'import type { B } from "../store/ports.ts";',
      "may not import src/store/ports.ts (store)",
    ],
    ["src/manage/a.ts", 'import type { B } from "../api/b.ts";', "may not import src/api/b.ts (api)"],
    ["src/manage/a.ts", 'import type { B } from "../app.ts";', "may not import src/app.ts (app)"],
    [
      "src/endpoints/a.ts",
      'import type { B } from "../store/b.ts";',
      "may not import src/store/b.ts (store)",
    ],
    ["src/app/a.ts", 'import { b } from "../process/b.ts";', "may not import src/process/b.ts (process)"],
    ["src/api/a.ts", 'import { b } from "../manage/b.ts";', "imports more than types from manage"],
    ["src/api/a.ts", 'import { b } from "../queue/b.ts";', "may not import src/queue/b.ts"],
    ["src/store/a.ts", 'import { createApp } from "../app.ts";', "may not import src/app.ts (app)"],
    ["src/cli/a.ts", 'import { b } from "../queue/b.ts";', "may not import src/queue/b.ts"],
    [
      "src/receiver/a.ts",
      'import { decide } from "../core/verdict.ts";',
      "imports more than types from core",
    ],
    [
      "src/receiver/a.ts",
      'import { catalogue } from "../catalogue/catalogue.ts";',
      "imports more than types from catalogue",
    ],
    ["src/receiver/a.ts", 'import { fastify } from "fastify";', "must run where there is no fastify"],
    [
      "src/receiver/a.ts",
      'import type { Redis } from "ioredis";',
      "may not import ioredis; its owner is store",
    ],
    ["src/receiver/a.ts", "const at = Date.now();", "belongs in src/config/system.ts"],
    ["src/receiver/a.ts", 'import { b } from "../config/b.ts";', "may not import src/config/b.ts (config)"],
    ["src/testing/a.ts", 'import { b } from "../store/b.ts";', "may not import src/store/b.ts (store)"],
    [
      "src/receiver/a.ts",
      'import { createHmac } from "node:crypto";',
      "must run where there is no node:crypto",
    ],
    ["src/app.ts", 'import { pino } from "pino";', "(app) may not import pino"],
    ["src/store/a.ts", 'import { b } from "../../test/b.ts";', "imports test/b.ts, which is outside src"],
    ["src/services/a.ts", "", 'lies in "services", which is no room of the house'],
    ["src/store/a.ts", "const url = process.env.REDIS_URL;", "belongs in src/config/environment.ts"],
    ["src/store/a.ts", 'const url = process["env"];', "belongs in src/config/environment.ts"],
    ["src/store/a.ts", 'import { env } from "node:process";', "may not import node:process"],
    ["src/store/a.ts", "const at = Date.now();", "belongs in src/config/system.ts"],
    ["src/store/a.ts", "const at = new Date();", "belongs in src/config/system.ts"],
    ["src/store/a.ts", `const text = \`at \${Date.now()}\`;`, "belongs in src/config/system.ts (line 5)"],
    ["src/store/a.ts", "const half = a / 2; const at = Date.now(); const third = a / 3;", "has Date.now"],
    ["src/deliver/a.ts", "const dice = Math.random();", "belongs in src/config/system.ts"],
    ["src/deliver/a.ts", "const at = performance.now();", "belongs in src/config/system.ts"],
    ["src/store/a.ts", "const redis = new Redis(url);", "belongs in src/store/redis.ts"],
    ["src/store/a.ts", "const load = createRequire(here);", "belongs in src/observe/spans.ts"],
    ["src/store/utils/a.ts", "", 'is named "utils"'],
    ["src/store/redis-helpers.ts", "", 'is named "redis-helpers"'],
    ["src/store/types.ts", "", 'is named "types"'],
    ["src/queue/job-manager.ts", "", 'is named "job-manager"'],
    ["src/queue/eventsJob.ts", "", "is not kebab-case"],
    ["src/queue/a.ts", "export default 1;", "has a default export"],
    ["src/queue/a.ts", "export { a as default };", "has a default export"],
    ["src/queue/a.ts", "const job = input as Job;", "casts: as Job (line 5)"],
    ["src/queue/a.ts", "const job = (input as { id: string }).id;", "casts: as {"],
    ["src/queue/a.ts", "const f = (job: any) => job;", "uses any"],
    ["src/queue/a.ts", "const f: Promise<any[]> = g();", "uses any"],
    ["src/queue/a.ts", "const id = job.id!;", "asserts non-null: d!"],
    ["src/queue/a.ts", "const id = jobs[0]!.id;", "asserts non-null: ]!"],
    ["src/queue/a.ts", "/** What is left. */\nconst a = 1;", 'a comment that opens with "What"'],
    ["src/queue/a.ts", "f();\n/**\n * Whether it is.\n */\nconst a = 1;", 'with "Whether"; name the noun'],
    ["src/queue/a.ts", "f();\n// Whoever waits.\nconst a = 1;", "name the noun first (line 6)"],
    ["src/queue/a.ts", "const a = 1; // where it lies", 'a comment that opens with "where"'],
    ["src/queue/a.ts", "f(); // A start.\n// How it ends.", 'a comment that opens with "How"'],
  ])("%s: %j", (path, source, problem) => {
    expect(judge({ [path]: source })).toEqual([expect.stringContaining(problem)]);
  });

  it("of a cycle, also when it is one of types", () => {
    const files = {
      "src/queue/a.ts": 'import { b } from "./b.ts";',
      "src/queue/b.ts": 'import { c } from "./c.ts";',
      "src/queue/c.ts": 'import type { A } from "./a.ts";',
    };
    expect(judge(files)).toEqual([
      "src/queue/a.ts → src/queue/b.ts → src/queue/c.ts → src/queue/a.ts is a cycle",
    ]);
  });

  it("of a module longer than 300 lines", () => {
    const moduleOf = (lines: number): string => "x;\n".repeat(lines - 4);
    expect(judge({ "src/queue/a.ts": moduleOf(301) })).toEqual([
      "src/queue/a.ts has 301 lines; 300 are allowed",
    ]);
    expect(judge({ "src/queue/a.ts": moduleOf(300) })).toEqual([]);
  });

  it.each([
    ["none", "const a = 1;\n", "opens with 0 lines"],
    ["one that comes too late", `const a = 1;\n${HEADER}`, "opens with 0 lines"],
    [
      "one that opens with a riddle",
      "/**\n * Who may do what.\n */",
      'with "Who"; name the noun first (line 1)',
    ],
    ["one of nine lines", `/**\n${" * why\n".repeat(9)} */\n`, "opens with 9 lines"],
  ])("of the opening comment: %s", (_, source, problem) => {
    expect(violations(new Map([["src/core/a.ts", source]]))).toEqual([expect.stringContaining(problem)]);
  });
});

describe("the rules let pass what only looks like a violation", () => {
  it.each([
    ["src/core/a.ts", '// import { b } from "../wire/b.ts";\n/* Date.now() as any */'],
    ["src/core/a.ts", `const text = 'import { b } from "../wire/b.ts"';`],
    ["src/core/a.ts", 'const text = "process.env, Date.now(), x as any, a!";'],
    [
      "src/core/a.ts",
      `const text = \`from '../wire/b.ts' \${list.map((x) => \`{ \${x} } as any\`)} Date.now()\`;`,
    ],
    ["src/core/a.ts", '// A line that goes on to say\n// what it is about.\nconst a = "// What";'],
    ["src/core/a.ts", "/** Howard and the wholesaler: who they are. */"],
    ["src/core/a.ts", 'const quote = /"/; const text = "Date.now()";'],
    ["src/core/a.ts", 'const half = total / 2; const rest = "as any" / 3;'],
    ["src/core/a.ts", "const names = [1, 2] as const;"],
    ["src/core/a.ts", "if (!ready && a !== b && !isOpen(c)) stop();"],
    ["src/core/a.ts", "const date = new Date(nowMs).toISOString();"],
    ["src/core/a.ts", "const first = await Promise.any(answers);"],
    ["src/queue/a.ts", 'import { a as b, type C as D } from "../core/a.ts";\nexport { b as e };'],
    ["src/queue/a.ts", 'import * as core from "../core/a.ts";\nexport * as c from "../core/c.ts";'],
    ["src/queue/a.ts", 'import { Queue } from "bullmq";\nimport type { B } from "./ports.ts";'],
    ["src/queue/a.ts", 'import type { B } from "../deliver/ports.ts";'],
    ["src/store/a.ts", 'import type { B } from "../queue/ports.ts";'],
    ["src/manage/a.ts", 'import { b } from "../queue/b.ts";\nimport { c } from "../endpoints/c.ts";'],
    ["src/api/a.ts", 'import type { B } from "../manage/b.ts";'],
    ["src/core/stored.ts", 'import { z } from "zod";'],
    ["src/wire/a.ts", 'import { createHmac } from "node:crypto";'],
    [
      "src/receiver/a.ts",
      'import type { EventId } from "../core/brand.ts";\nimport { sign } from "../wire/sign.ts";',
    ],
    ["src/receiver/a.ts", 'import type { IncomingMessage } from "node:http";'],
    ["src/receiver/a.ts", 'import type { FastifyPluginAsync } from "fastify";'],
    ["src/receiver/a.ts", 'import type { EventData } from "../catalogue/catalogue.ts";'],
    ["src/receiver/clock.ts", "export const systemNow = (): number => Date.now();"],
    ["src/testing/a.ts", 'import { once } from "node:events";\nimport { b } from "../wire/b.ts";'],
    ["src/app.ts", 'import { b } from "./queue/b.ts";\nimport { c } from "./config/c.ts";'],
    ["src/app/roles.ts", 'import { b } from "../store/b.ts";\nimport { createApp } from "../app.ts";'],
    ["src/main.ts", 'import { run } from "./cli/run.ts";'],
    ["src/store/redis.ts", 'import { Redis } from "ioredis";\nexport const connect = () => new Redis();'],
    ["src/config/environment.ts", "export const env = process.env;"],
    ["src/core/brand.ts", "export const asEventId = (text: string): EventId => text as EventId;"],
  ])("%s: %j", (path, source) => {
    expect(judge({ [path]: source })).toEqual([]);
  });
});

describe("a shape that is declared twice", () => {
  const twinsOf = (one: string, other: string): readonly string[] =>
    twins(
      new Map([
        ["src/a.ts", one],
        ["src/b.ts", other],
      ]),
    );
  const KEY =
    "export interface Key { readonly id: string; readonly at: number; readonly check: (a: string) => Promise<void>; }";

  it("is seen whatever its name, order and comments", () => {
    const again = `interface Desk {
      /** Since then; or never. */ readonly at: number;
      readonly check: (a: string) =>
        Promise<void>; readonly id: string }`;
    expect(twinsOf(KEY, again)).toEqual(["src/a.ts Key and src/b.ts Desk are one shape, declared twice"]);
  });

  it("is seen as an object type, and when it has begun to drift", () => {
    expect(twinsOf(KEY, "type Token = { id: string; at: number; check: () => void; };")).toHaveLength(1);
  });

  it.each([
    [
      "one that extends it",
      "interface Made extends Key { readonly token: string; readonly a: 1; readonly b: 2 }",
    ],
    ["one with another member", KEY.replace("readonly at", "readonly since")],
    ["one that only shares names", "interface Other { id: symbol; at: Date; check: string }"],
    ["two members, which meet by chance", "interface Pair { readonly id: string; readonly at: number; }"],
  ])("is not %s", (_, other) => {
    expect(twinsOf(KEY, other)).toEqual([]);
  });
});
