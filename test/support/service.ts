/** A real Redis and a real Hookwave for a test, both gone when it ends. */

import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Hookwave, type OpenOptions, openHookwave } from "../../src/app.ts";
import type { Happening } from "../../src/core/happening.ts";
import { type EmbeddedRedis, startEmbeddedRedis } from "../../src/process/embedded-redis.ts";
import { asking, discard, giveBack, type Server, settingsOf, takeIdle } from "./idle-redis.ts";
import { keptPort } from "./kept-port.ts";

export interface TestRedis extends EmbeddedRedis, AsyncDisposable {
  readonly dataDir: string;
}

/** A server with the settings of `hookwave start`'s own, and nothing in it; or one with others. */
export async function startRedis(...serverArgs: readonly string[]): Promise<TestRedis> {
  if (serverArgs.length > 0) return disposable(await start(serverArgs), discard);
  const server = takeIdle() ?? (await startPlain());
  return disposable(server, () => giveBack(server));
}

async function startPlain(): Promise<Server> {
  const redis = await start([]);
  return { ...redis, settings: await asking(redis.url, settingsOf) };
}

async function start(serverArgs: readonly string[]): Promise<EmbeddedRedis & { readonly dataDir: string }> {
  const dataDir = await mkdtemp(join(tmpdir(), "hookwave-test-"));
  const searchPath = process.env["PATH"] ?? "";
  // A test may stop it and start it again at the same port.
  const redis = await startEmbeddedRedis({ dataDir, searchPath, serverArgs, pickPort: keptPort });
  return { ...redis, dataDir };
}

const disposable = <Plain extends EmbeddedRedis & { readonly dataDir: string }>(
  redis: Plain,
  dispose: (redis: Plain) => Promise<void>,
): TestRedis => ({ ...redis, [Symbol.asyncDispose]: () => dispose(redis) });

export interface TestHookwave extends Hookwave, AsyncDisposable {
  readonly happenings: readonly Happening[];
}

/** Its own failures, but for deadlines of commands: a busy machine lets them pass, whatever is tested. */
export const failuresOf = ({ happenings }: Pick<TestHookwave, "happenings">): readonly Happening[] =>
  happenings.filter((one) => one.kind === "service.failed" && one.error.message !== "Command timed out");

/** Settings with which a service delivers to receivers on loopback. */
export const LOOPBACK = { allowHttp: true, allowPrivateNetworks: ["127.0.0.0/8"] } as const;

/** A started service; receivers on loopback are allowed, and it may be told anything else. */
export async function startHookwave(
  redis: TestRedis,
  options: Omit<Partial<OpenOptions>, "redisUrl"> = {},
): Promise<TestHookwave> {
  const happenings: Happening[] = [];
  const hookwave = await openHookwave({
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
