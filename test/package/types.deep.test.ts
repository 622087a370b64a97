/** The packages before a strict compiler that also reads their declarations: today's, and the oldest that works. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { linkFromHere, type Packed, packHookwave, packReceiver, unpack } from "../support/packed.ts";

const OLDEST = "5.7";
const COMPILERS = { "typescript-oldest": OLDEST, typescript: "7." } as const;

const root = fileURLToPath(new URL("../../", import.meta.url));
const STRICT = {
  target: "es2022",
  lib: ["es2023", "esnext.disposable"],
  module: "nodenext",
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  noEmit: true,
};

const PUBLISHER = `
  import { createPublisher, type EventData, HookwaveError, type Receipt } from "hookwave/publisher";
  const hookwave = createPublisher({ redisUrl: "redis://127.0.0.1:6379" });
  const data: EventData<"job.completed"> = { job_id: "job_1", video_id: "vid_1" };
  export const receipt: Receipt = await hookwave.publish({ type: "job.completed", data });
  export const isOurs = (error: unknown): boolean => error instanceof HookwaveError;
  // @ts-expect-error a known event without what its receivers are promised
  await hookwave.publish({ type: "job.completed", data: { job_id: 1 } });
`;

const SERVICE = `
  import { createHookwave, createPublisher, type Hookwave } from "hookwave";
  export const hookwave: Hookwave = await createHookwave({ redisUrl: "redis://127.0.0.1:6379" });
  await hookwave.endpoints.add({ url: "https://receiver.example.com/hook", events: ["invoice.*"] });
  export const publisher = createPublisher({ redisUrl: "redis://127.0.0.1:6379" });
`;

const RECEIVER = `
  import { createInbox, createMemoryStore, type HeadersInput, VerificationError, verify } from "PACKAGE";
  import { catchUp } from "PACKAGE/catch-up";
  import { fetchReceiver } from "PACKAGE/fetch";
  import { honoReceiver } from "PACKAGE/hono";
  import { createRedisStore } from "PACKAGE/redis";
  const inbox = createInbox({
    store: createMemoryStore(),
    handler: (event) => {
      if (event.kind === "known" && event.type === "job.completed") event.data.job_id satisfies string;
      // @ts-expect-error nothing is known of a custom type's data
      else if (event.kind === "custom") event.data.anything;
    },
  });
  export const POST = fetchReceiver({ inbox, secrets: "shared" });
  export const check = (body: Uint8Array, headers: HeadersInput) =>
    verify(body, headers, "shared").catch((error: unknown) => error instanceof VerificationError && error.code);
  export const others = [catchUp, honoReceiver, createRedisStore];
`;

/** The kit's own types, written from the JSON Schema, against those that zod infers. */
const SAME_TYPES = `
  import type { EventData, KnownEventType } from "hookwave";
  import type { KnownWebhookEvent } from "hookwave-receiver";
  type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
  type Data<Type extends KnownEventType> = Extract<KnownWebhookEvent, { type: Type }>["data"];
  type Fits<A, B> = [A, B] extends [B, A] ? true : false;
  type Different = { [T in KnownEventType]: Fits<Data<T>, EventData<T>> extends true ? never : T }[KnownEventType];
  export const names: Same<KnownEventType, KnownWebhookEvent["type"]> = true;
  export const different: Same<Different, never> = true;
  // @ts-expect-error the comparison sees a difference
  export const blind: Fits<Data<"job.started">, EventData<"task_started">> = true;
`;

let hookwave: Packed;
let receiver: Packed;
beforeAll(() => {
  receiver = packReceiver();
  hookwave = packHookwave();
  unpack({ ...hookwave, tarball: receiver.tarball }, "hookwave-receiver");
  linkFromHere(hookwave.folder, "@types/node");
});
afterAll(() => {
  hookwave[Symbol.dispose]();
  receiver[Symbol.dispose]();
});

/** What the compiler has to say about programs beside the packages. */
function complaints(compiler: string, where: Packed, programs: Readonly<Record<string, string>>): string {
  for (const [name, code] of Object.entries(programs)) where.write(name, code);
  const nodeTypes = where === hookwave ? { types: ["node"] } : { types: [], lib: [...STRICT.lib, "dom"] };
  const compilerOptions = { ...STRICT, ...nodeTypes };
  where.write("tsconfig.json", JSON.stringify({ compilerOptions, files: Object.keys(programs) }));
  const tsc = `${root}node_modules/${compiler}/bin/tsc`;
  const { stdout, stderr } = spawnSync(process.execPath, [tsc, "-p", where.folder], { encoding: "utf8" });
  return stdout + stderr;
}

describe.each(Object.entries(COMPILERS))("%s (%s)", (compiler, version) => {
  it("is what it says", () => {
    const { version: found } = JSON.parse(
      readFileSync(`${root}node_modules/${compiler}/package.json`, "utf8"),
    );
    expect(found.startsWith(version)).toBe(true);
  });

  it("compiles a publisher, a service and a receiver, and finds the kit's types to be the catalogue's", () => {
    const programs = {
      "publisher.ts": PUBLISHER,
      "service.ts": SERVICE,
      "receiver.ts": RECEIVER.replaceAll("PACKAGE", "hookwave/receiver"),
      "same-types.ts": SAME_TYPES,
    };
    expect(complaints(compiler, hookwave, programs)).toBe("");
  });

  it("compiles a receiver with hookwave-receiver alone: no Node, no other package", () => {
    const programs = { "receiver.ts": RECEIVER.replaceAll("PACKAGE", "hookwave-receiver") };
    expect(complaints(compiler, receiver, programs)).toBe("");
  });
});

describe("the oldest compiler", () => {
  it("is the one that the README names", () => {
    expect(readFileSync(`${root}README.md`, "utf8")).toContain(`TypeScript ≥ ${OLDEST}`);
  });

  it("is not the one that the repository is built with", () => {
    const { stdout } = spawnSync(`${root}node_modules/.bin/tsc`, ["--version"], { encoding: "utf8" });
    expect(stdout).toContain("Version 7.");
  });
});
