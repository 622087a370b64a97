/**
 * The ground of one case: a Redis of its own, a worker, a healthy receiver and troubled ones in processes of their own, and
 * this process, which publishes and asks.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { type Hookwave, openHookwave } from "../../src/app.ts";
import { startEmbeddedRedis } from "../../src/process/embedded-redis.ts";
import { connectRedis, type Redis } from "../../src/store/redis.ts";
import { startChild, startChildWith } from "../children.ts";
import { clockMs, dueId } from "../due.ts";
import { type NodeReceiver, startNodeReceiver } from "../receivers.ts";
import { DATA } from "../workload.ts";
import { type Worked, workedSchema } from "./worked.ts";

type Registration = Parameters<Hookwave["endpoints"]["add"]>[0];

const addressSchema = z.object({ port: z.number() });
const troubledSchema = z.object({ posts: z.number(), most: z.number() });

export interface Ground extends AsyncDisposable {
  readonly control: Hookwave;
  readonly redis: Redis;
  readonly healthy: NodeReceiver;
  readonly endpoint: (id: string, url: string, more?: Partial<Registration>) => Promise<void>;
  /** The address of a troubled receiver; run-troubled.ts says what paths there are. */
  readonly troubledUrl: (path: string) => string;
  readonly troubled: () => Promise<z.output<typeof troubledSchema>>;
  readonly heal: () => Promise<void>;
  readonly worked: () => Promise<Worked>;
  /** Publishes at a steady rate, whether or not what came before has been stored. */
  readonly publish: (type: string, perSecond: number, seconds: number) => Promise<void>;
}

export async function openGround(nodeOptions: readonly string[] = []): Promise<Ground> {
  await using cleanup = new AsyncDisposableStack();
  const dataDir = await mkdtemp(join(tmpdir(), "hookwave-isolation-"));
  cleanup.defer(() => rm(dataDir, { recursive: true, force: true }));
  const server = await startEmbeddedRedis({ dataDir, searchPath: process.env["PATH"] ?? "", serverArgs: [] });
  cleanup.defer(server.stop);
  const setup = { redisUrl: server.url, dataDir };
  const control = await openHookwave({
    ...{ ...setup, role: "api", allowHttp: true, allowPrivateNetworks: ["127.0.0.0/8"] },
  });
  cleanup.defer(control.close);
  await control.start();
  const healthy = await startNodeReceiver();
  cleanup.defer(healthy.stop);
  const troubled = await startChild("isolation/run-troubled.ts");
  cleanup.defer(troubled.stop);
  const worker = await startChildWith(
    nodeOptions,
    "isolation/run-worker.ts",
    "worker",
    JSON.stringify(setup),
  );
  cleanup.defer(worker.stop);
  const redis = connectRedis(server.url, "watcher", () => undefined);
  cleanup.defer(() => redis.disconnect());
  const base = `http://127.0.0.1:${addressSchema.parse(troubled.said).port}`;
  const owned = cleanup.move();
  return {
    control,
    redis,
    healthy,
    endpoint: async (id, url, more = {}) => {
      await control.endpoints.add({ id, url, profile: "standard", ...more });
    },
    troubledUrl: (path) => `${base}${path}`,
    troubled: async () => troubledSchema.parse(await (await fetch(base)).json()),
    heal: async () => void (await fetch(`${base}/heal`)),
    worked: async () => workedSchema.parse(await worker.ask({})),
    publish: (type, perSecond, seconds) => publishSteadily(control, type, perSecond, seconds),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function publishSteadily(
  control: Hookwave,
  type: string,
  perSecond: number,
  seconds: number,
): Promise<void> {
  const stored: Promise<unknown>[] = [];
  const startMs = clockMs();
  const dueMs = (index: number): number => startMs + (1_000 * index) / perSecond;
  while (stored.length < perSecond * seconds) {
    while (stored.length < perSecond * seconds && dueMs(stored.length) <= clockMs()) {
      const id = dueId(dueMs(stored.length), stored.length);
      stored.push(control.publish({ id, type, data: DATA }));
    }
    await sleep(1);
  }
  await Promise.all(stored);
}

/** Waits for as long as it takes, for a benchmark that hangs is seen. */
export async function untilTrue(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(50);
}
