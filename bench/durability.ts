/**
 * `node bench/durability.ts`: what each level of durability costs whoever publishes, beside the others in one run.
 * Starts a Redis with a replica, once with each policy of its append-only file, and publishes in alternating
 * rounds: one caller for the wait of each event, a hundred for the rate. Judges nothing.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { DURABILITIES, type Durability } from "../src/core/durability.ts";
import { createPublisher, HookwaveError } from "../src/index.ts";
import { startEmbeddedRedis } from "../src/process/embedded-redis.ts";
import { emptyRedis } from "./empty-redis.ts";
import { median } from "./median.ts";
import { DATA, EVENT_TYPE, IN_FLIGHT } from "./workload.ts";

interface Cost {
  /** Of one event published alone; the median. */
  readonly waitMs: number;
  /** With a hundred callers. */
  readonly perSecond: number;
}

const EVENT = { type: EVENT_TYPE, data: DATA };
const POLICIES = ["everysec", "always"] as const;
const { values } = parseArgs({ options: { quick: { type: "boolean", default: false } } });
const PLAN = values.quick ? { rounds: 1, alone: 3, seconds: 0.2 } : { rounds: 3, alone: 200, seconds: 3 };
/** 200 waits would be minutes where a level waits for the disk each time. */
const ALONE_WITHIN_MS = 5_000;

for (const policy of POLICIES) {
  await using cleanup = new AsyncDisposableStack();
  const start = async (...serverArgs: readonly string[]): Promise<string> => {
    const dataDir = await mkdtemp(join(tmpdir(), "hookwave-bench-"));
    cleanup.defer(() => rm(dataDir, { recursive: true, force: true }));
    const server = await startEmbeddedRedis({ dataDir, searchPath: process.env["PATH"] ?? "", serverArgs });
    cleanup.defer(server.stop);
    return server.url;
  };
  const master = await start("--appendfsync", policy, "--repl-diskless-sync-delay", "0");
  await start("--appendfsync", policy, "--replicaof", `127.0.0.1 ${new URL(master).port}`);
  console.log(`appendfsync ${policy}, one replica`);
  await untilReplicated(master);
  const rounds: (readonly (Cost | string)[])[] = [];
  while (rounds.length < PLAN.rounds) {
    const round: (Cost | string)[] = [];
    for (const level of DURABILITIES) round.push(await measure(master, level));
    rounds.push(round);
  }
  for (const [index, level] of DURABILITIES.entries())
    report(
      level,
      rounds.map((round) => [round[index], round[0]]),
    );
}

/** The cost of the level, or the reason it cannot be had here. */
async function measure(redisUrl: string, durability: Durability): Promise<Cost | string> {
  await emptyRedis(redisUrl);
  const publisher = createPublisher({ redisUrl, durability });
  try {
    await publisher.publish(EVENT);
    const waits: number[] = [];
    const giveUpAt = performance.now() + ALONE_WITHIN_MS;
    while (waits.length < PLAN.alone && performance.now() < giveUpAt) {
      const startedAt = performance.now();
      await publisher.publish(EVENT);
      waits.push(performance.now() - startedAt);
    }
    return { waitMs: median(waits), perSecond: await rate(() => publisher.publish(EVENT)) };
  } catch (error) {
    if (error instanceof HookwaveError && error.code === "DURABILITY_UNMET") return error.expected;
    throw error;
  } finally {
    await publisher.close();
  }
}

async function rate(publish: () => Promise<unknown>): Promise<number> {
  let stored = 0;
  const startedAt = performance.now();
  const endAt = startedAt + PLAN.seconds * 1_000;
  const call = async (): Promise<void> => {
    while (performance.now() < endAt) {
      await publish();
      stored += 1;
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, call));
  return (1_000 * stored) / (performance.now() - startedAt);
}

function report(
  level: Durability,
  sides: readonly (readonly [Cost | string | undefined, Cost | string | undefined])[],
): void {
  const costs = sides.flatMap(([own, base]) => (isCost(own) && isCost(base) ? [{ own, base }] : []));
  if (costs.length === 0) {
    console.log(`  ${level.padEnd(12)} not to be had: ${String(sides[0]?.[0])}`);
    return;
  }
  const waitMs = median(costs.map(({ own }) => own.waitMs)).toFixed(2);
  const perSecond = Math.round(median(costs.map(({ own }) => own.perSecond)));
  const ratio = median(costs.map(({ own, base }) => own.perSecond / base.perSecond)).toFixed(2);
  console.log(
    `  ${level.padEnd(12)} one caller ${waitMs} ms each, 100 callers ${perSecond} a second, ${ratio} × redis`,
  );
}

function isCost(one: Cost | string | undefined): one is Cost {
  return typeof one === "object";
}

async function untilReplicated(redisUrl: string): Promise<void> {
  const publisher = createPublisher({ redisUrl, durability: "replicated" });
  while (
    !(await publisher.publish(EVENT).then(
      () => true,
      () => false,
    ))
  );
  await publisher.close();
}
