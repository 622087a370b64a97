/**
 * `npm run bench:migration`: what phase `dual` costs beside `webhook`, in one run. Publisher, worker and receiver are three
 * processes; the phase is switched live, round by round and in turn, so that whatever else the machine does meets both.
 * Judges nothing. `--quick` proves in seconds that it works; `--only dual` stays in one phase, for a profile.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { z } from "zod";
import { openHookwave } from "../src/app.ts";
import type { Phase } from "../src/core/migration.ts";
import { startEmbeddedRedis } from "../src/process/embedded-redis.ts";
import { connectRedis } from "../src/store/redis.ts";
import { type Child, startChild } from "./children.ts";
import { median } from "./median.ts";
import { startSink } from "./receivers.ts";
import { EVENT_TYPE, type Setup } from "./workload.ts";

const { values } = parseArgs({
  options: { quick: { type: "boolean", default: false }, only: { type: "string" } },
});
const PLAN = values.quick ? { rounds: 1, seconds: 1, most: 1_000 } : { rounds: 4, seconds: 5, most: 10_000 };
const PER_SECOND = 500;
/** The fleet obeys within two seconds; until then, and while code is compiled, nothing is measured. */
const OBEY_MS = 2_000;
const LIST = "hokusai:model_ready_queue";

const workedSchema = z.object({ cpuUs: z.number(), delivered: z.number() });
const publishedSchema = z.object({
  events: z.number(),
  perSecond: z.number(),
  cpuUs: z.number(),
  p50Ms: z.number(),
  p99Ms: z.number(),
});

interface Figures {
  readonly workerUs: number;
  readonly publisherUs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** With a hundred callers. */
  readonly mostPerSecond: number;
}

await using cleanup = new AsyncDisposableStack();
const dataDir = await mkdtemp(join(tmpdir(), "hookwave-bench-"));
cleanup.defer(() => rm(dataDir, { recursive: true, force: true }));
const server = await startEmbeddedRedis({
  dataDir,
  searchPath: process.env["PATH"] ?? "",
  serverArgs: ["--auto-aof-rewrite-percentage", "0"],
});
cleanup.defer(server.stop);
const sink = await startSink(dataDir);
cleanup.defer(sink.stop);
const setup: Setup = { redisUrl: server.url, dataDir, skip: 0, count: 0, receiverUrl: sink.url };
const worker = await startChild("run-migration.ts", "worker", JSON.stringify(setup));
cleanup.defer(worker.stop);
const publisher = await startChild("run-migration.ts", "publisher", JSON.stringify(setup));
cleanup.defer(publisher.stop);
const redis = connectRedis(server.url, "watcher", () => undefined);
cleanup.defer(() => redis.disconnect());
const control = await openHookwave({
  redisUrl: server.url,
  dataDir,
  role: "api",
  legacyRedisEvents: [EVENT_TYPE],
});
cleanup.defer(control.close);
await control.untilConnected(5_000);

const workedBy = async (child: Child) => workedSchema.parse(await child.ask({}));
const publishedBy = async (child: Child, question: object) =>
  publishedSchema.parse(await child.ask(question));

async function untilDelivered(count: number): Promise<void> {
  while ((await workedBy(worker)).delivered < count) await sleep(20);
}

/** On a busy machine the bus misses its deadline; what was put aside belongs to the phase in which it was. */
async function untilNothingIsLate(): Promise<void> {
  while ((await control.migration.status()).late > 0) await sleep(100);
}

async function measure(phase: Phase): Promise<Figures> {
  await untilNothingIsLate();
  await control.migration.set({
    ...{ phase, forMs: null, reason: "bench", backlog: null, shares: null, by: "bench" },
  });
  await sleep(OBEY_MS);
  await untilNothingIsLate();
  await redis.del(LIST);
  const before = await workedBy(worker);
  const steady = await publishedBy(publisher, { steady: PLAN.seconds, perSecond: PER_SECOND });
  await untilDelivered(before.delivered + steady.events);
  const after = await workedBy(worker);
  const onBus = await redis.llen(LIST);
  const expected = phase === "dual" ? steady.events : 0;
  if (onBus !== expected) console.log(`  ${phase}: ${onBus} on the bus of ${expected}`);
  const most = await publishedBy(publisher, { most: PLAN.most });
  await untilDelivered(after.delivered + most.events);
  return {
    workerUs: (after.cpuUs - before.cpuUs) / steady.events,
    publisherUs: steady.cpuUs / steady.events,
    p50Ms: steady.p50Ms,
    p99Ms: steady.p99Ms,
    mostPerSecond: most.perSecond,
  };
}

const NAMES = ["mostPerSecond", "workerUs", "publisherUs", "p50Ms", "p99Ms"] as const;
const phases = (["webhook", "dual"] as const).filter((phase) => (values.only ?? phase) === phase);

// The first round compiles what is hot; the figures begin with the second.
for (const phase of phases) await measure(phase);
const rounds: Partial<Record<Phase, Figures>>[] = [];
while (rounds.length < PLAN.rounds) {
  const round: Partial<Record<Phase, Figures>> = {};
  for (const phase of rounds.length % 2 === 0 ? phases : phases.toReversed())
    round[phase] = await measure(phase);
  console.error(`  round ${rounds.length + 1} of ${PLAN.rounds}: ${JSON.stringify(round)}`);
  rounds.push(round);
}

const of = (phase: Phase, name: keyof Figures): readonly number[] =>
  rounds.flatMap((round) => round[phase]?.[name] ?? []);
const medians = (phase: Phase) => Object.fromEntries(NAMES.map((name) => [name, median(of(phase, name))]));
const compared = Object.fromEntries(
  NAMES.map((name) => {
    const [webhook, dual] = [of("webhook", name), of("dual", name)];
    const ratio = median(dual.map((figure, index) => figure / (webhook[index] ?? Number.NaN)));
    const difference = median(dual.map((figure, index) => figure - (webhook[index] ?? Number.NaN)));
    return [name, { ratio, difference }];
  }),
);
const row = (name: string, cells: readonly string[]): void =>
  console.log(`  ${name.padEnd(16)}${cells.map((cell) => cell.padStart(14)).join("")}`);
row("", [...phases, "dual/webhook", "difference"]);
for (const name of NAMES) {
  const figures = phases.map((phase) => median(of(phase, name)).toFixed(name.endsWith("Ms") ? 2 : 0));
  const { ratio = Number.NaN, difference = Number.NaN } = compared[name] ?? {};
  row(name, [...figures, ratio.toFixed(2), difference.toFixed(name.endsWith("Ms") ? 2 : 0)]);
}
console.log(JSON.stringify({ webhook: medians("webhook"), dual: medians("dual"), compared }));
