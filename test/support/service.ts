/** A real Redis and a real Hookwave for a test, both gone when it ends. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHookwave, type Hookwave, type HookwaveOptions } from "../../src/app.ts";
import type { Happening } from "../../src/core/happening.ts";
import { type EmbeddedRedis, startEmbeddedRedis } from "../../src/process/embedded-redis.ts";

export interface TestRedis extends EmbeddedRedis, AsyncDisposable {
  readonly dataDir: string;
}

export async function startRedis(...serverArgs: readonly string[]): Promise<TestRedis> {
  const dataDir = await mkdtemp(join(tmpdir(), "hookwave-test-"));
  const redis = await startEmbeddedRedis({ dataDir, searchPath: process.env["PATH"] ?? "", serverArgs });
  return {
    ...redis,
    dataDir,
    [Symbol.asyncDispose]: async () => {
      await redis.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

export interface TestHookwave extends Hookwave, AsyncDisposable {
  readonly happenings: readonly Happening[];
}

/** Settings with which a service delivers to receivers on loopback. */
export const LOOPBACK = { allowHttp: true, allowPrivateNetworks: ["127.0.0.0/8"] } as const;

/** A started service; receivers on loopback are allowed, and it may be told anything else. */
export async function startHookwave(
  redis: TestRedis,
  options: Omit<Partial<HookwaveOptions>, "redisUrl"> = {},
): Promise<TestHookwave> {
  const happenings: Happening[] = [];
  const hookwave = await createHookwave({
    redisUrl: redis.url,
    dataDir: redis.dataDir,
    shutdownGraceMs: 2_000,
    ...LOOPBACK,
    listeners: [(happening) => happenings.push(happening)],
    ...options,
  });
  await hookwave.start();
  return { ...hookwave, happenings, [Symbol.asyncDispose]: hookwave.close };
}
