/**
 * `npm run bench:switch`: how long a fleet takes to obey the switch of the migration. Three workers say when their phase
 * changed; two publishers publish without a pause, and obey when an event is on the bus, or no more, as it is
 * acknowledged. Twenty switches to and fro; judges nothing. `--quick` makes two.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { createPublisher } from "../src/app/publishing.ts";
import { openHookwave } from "../src/app.ts";
import type { Phase } from "../src/core/migration.ts";
import { startEmbeddedRedis } from "../src/process/embedded-redis.ts";
import { connectRedis } from "../src/store/redis.ts";
import { median } from "./median.ts";

const { values } = parseArgs({ options: { quick: { type: "boolean", default: false } } });
const SWITCHES = values.quick ? 2 : 20;
const TYPE = "bench.switched";
const PATIENCE_MS = 10_000;

await using cleanup = new AsyncDisposableStack();
const dataDir = await mkdtemp(join(tmpdir(), "hookwave-bench-"));
cleanup.defer(() => rm(dataDir, { recursive: true, force: true }));
const server = await startEmbeddedRedis({ dataDir, searchPath: process.env["PATH"] ?? "" });
cleanup.defer(server.stop);
const redis = connectRedis(server.url, "watcher", () => undefined);
cleanup.defer(() => redis.disconnect());

/** What each of the fleet does at this moment. */
const phases = new Map<string, Phase>();

for (const name of ["worker 1", "worker 2", "worker 3"]) {
  const worker = await openHookwave({
    redisUrl: server.url,
    dataDir,
    role: "worker",
    listeners: [(happening) => happening.kind === "phase.changed" && void phases.set(name, happening.phase)],
  });
  cleanup.defer(worker.close);
  await worker.start();
  phases.set(name, "webhook");
}

let isOver = false;
async function publishOn(name: string): Promise<void> {
  // A list of its own, which no worker writes: they take other types.
  const list = `bench:${name.replaceAll(" ", "-")}`;
  const publisher = createPublisher({
    redisUrl: server.url,
    bus: { legacyRedisList: list, legacyRedisEnvelope: "none", legacyRedisEvents: [TYPE] },
  });
  while (!isOver) {
    await publisher.publish({ type: TYPE, dataText: "{}" });
    phases.set(name, (await redis.rpop(list)) === null ? "webhook" : "redis");
    await sleep(5);
  }
  await publisher.close();
}
const publishing = Promise.all([publishOn("publisher 1"), publishOn("publisher 2")]);

const control = await openHookwave({ redisUrl: server.url, dataDir, role: "api" });
cleanup.defer(control.close);
await control.untilConnected(5_000);

/** Ms until the last of the fleet obeys. */
async function obeyed(phase: Phase): Promise<number> {
  const request = { phase, forMs: null, reason: "bench", shares: null, by: "bench" } as const;
  await control.migration.set({ ...request, backlog: "discard" });
  const setAt = performance.now();
  while ([...phases.values()].some((one) => one !== phase)) {
    if (performance.now() - setAt > PATIENCE_MS)
      throw new Error(`not obeyed: ${JSON.stringify([...phases])}`);
    await sleep(1);
  }
  return performance.now() - setAt;
}

const took: number[] = [];
while (took.length < SWITCHES) {
  // Neither of the two comes at the same moment of the fleet's polls each time.
  await sleep(700 + Math.random() * 600);
  took.push(await obeyed(took.length % 2 === 0 ? "redis" : "webhook"));
}
isOver = true;
await publishing;
const worstMs = Math.round(Math.max(...took));
console.log(
  `${SWITCHES} switches, 3 workers, 2 publishers: median ${Math.round(median(took))} ms, worst ${worstMs} ms`,
);
console.log(JSON.stringify({ switches: SWITCHES, medianMs: median(took), worstMs }));
