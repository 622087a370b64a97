/**
 * `npm run bench:migration`: what phase `dual` costs beside `webhook`, in one run. Publisher, worker and receiver are three
 * processes; the phase is switched live, round by round and in turn, so that whatever else the machine does meets both.
 * It ends with 0 only where that is within the goals. `--quick` proves in seconds that it works; `--only dual` stays in one
 * phase, for a profile.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { z } from "zod";
import { openHookwave } from "../src/app.ts";
import { COMPANY_MS } from "../src/bus/gather.ts";
import type { Phase } from "../src/core/migration.ts";
import { startEmbeddedRedis } from "../src/process/embedded-redis.ts";
import { connectRedis } from "../src/store/redis.ts";
import { startChild } from "./children.ts";
import { atMost, tellFindings } from "./finding.ts";
import { median } from "./median.ts";
import { startSink } from "./receivers.ts";
import { EVENT_TYPE, type Setup } from "./workload.ts";

const { values } = parseArgs({
  options: { quick: { type: "boolean", default: false }, only: { type: "string" } },
});
const PLAN = values.quick
  ? { rounds: 1, seconds: 1, calmSeconds: 1, most: 1_000 }
  : { rounds: 4, seconds: 5, calmSeconds: 5, most: 20_000 };
const PER_SECOND = 500;
/** Each event comes alone. */
const CALM_PER_SECOND = 50;
/** The fleet obeys within two seconds; until then, and while code is compiled, nothing is measured. */
const OBEY_MS = 2_000;
const LIST = "hokusai:model_ready_queue";

const workedSchema = z.object({ cpuUs: z.number(), delivered: z.number() });
const workSchema = workedSchema.extend({ p50Ms: z.number(), p99Ms: z.number() });
const publishedSchema = z.object({
  events: z.number(),
  perSecond: z.number(),
  cpuUs: z.number(),
  p50Ms: z.number(),
  p99Ms: z.number(),
});

interface Figures {
  /** With a hundred callers. */
  readonly mostPerSecond: number;
  /** CPU of an event, at 500 a second, at 50, and with a hundred callers. */
  readonly workerUs: number;
  readonly workerCalmUs: number;
  readonly workerMostUs: number;
  readonly publisherUs: number;
  /** Of a publish at 500 a second. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** From acceptance to the receiver's answer, at 500 a second and at 50. */
  readonly deliveredP50Ms: number;
  readonly deliveredP99Ms: number;
  readonly deliveredCalmP50Ms: number;
  readonly deliveredCalmP99Ms: number;
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

const publishedBy = async (question: object) => publishedSchema.parse(await publisher.ask(question));
const worked = async () => workedSchema.parse(await worker.ask({ isOver: false }));

/** Publishes, waits for the last delivery, and says what the worker spent on each. */
async function stretch(question: object) {
  const before = await worked();
  const published = await publishedBy(question);
  while ((await worked()).delivered < before.delivered + published.events) await sleep(20);
  const { cpuUs, p50Ms, p99Ms } = workSchema.parse(await worker.ask({ isOver: true }));
  return { published, workerUs: (cpuUs - before.cpuUs) / published.events, p50Ms, p99Ms };
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
  const steady = await stretch({ steady: PLAN.seconds, perSecond: PER_SECOND });
  const calm = await stretch({ steady: PLAN.calmSeconds, perSecond: CALM_PER_SECOND });
  const onBus = await redis.llen(LIST);
  const expected = phase === "dual" ? steady.published.events + calm.published.events : 0;
  if (onBus !== expected) console.log(`  ${phase}: ${onBus} on the bus of ${expected}`);
  const most = await stretch({ most: PLAN.most });
  return {
    mostPerSecond: most.published.perSecond,
    workerUs: steady.workerUs,
    workerCalmUs: calm.workerUs,
    workerMostUs: most.workerUs,
    publisherUs: steady.published.cpuUs / steady.published.events,
    p50Ms: steady.published.p50Ms,
    p99Ms: steady.published.p99Ms,
    deliveredP50Ms: steady.p50Ms,
    deliveredP99Ms: steady.p99Ms,
    deliveredCalmP50Ms: calm.p50Ms,
    deliveredCalmP99Ms: calm.p99Ms,
  };
}

const NAMES = [
  "mostPerSecond",
  "workerUs",
  "workerCalmUs",
  "workerMostUs",
  "publisherUs",
  "p50Ms",
  "p99Ms",
  "deliveredP50Ms",
  "deliveredP99Ms",
  "deliveredCalmP50Ms",
  "deliveredCalmP99Ms",
] as const;
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
const comparedBy = (name: keyof Figures) => {
  const [webhook, dual] = [of("webhook", name), of("dual", name)];
  const ratio = median(dual.map((figure, index) => figure / (webhook[index] ?? Number.NaN)));
  const difference = median(dual.map((figure, index) => figure - (webhook[index] ?? Number.NaN)));
  return { ratio, difference };
};
const row = (name: string, cells: readonly string[]): void =>
  console.log(`  ${name.padEnd(20)}${cells.map((cell) => cell.padStart(14)).join("")}`);
row("", [...phases, "dual/webhook", "difference"]);
for (const name of NAMES) {
  const figures = phases.map((phase) => median(of(phase, name)).toFixed(name.endsWith("Ms") ? 2 : 0));
  const { ratio, difference } = comparedBy(name);
  row(name, [...figures, ratio.toFixed(2), difference.toFixed(name.endsWith("Ms") ? 2 : 0)]);
}
if (values.only === undefined) {
  const isKept = tellFindings([
    atMost("worker at 500/s, dual beside webhook: difference", comparedBy("workerUs").difference, 10, "µs"),
    atMost("publishing, webhook beside dual: ratio", 1 / comparedBy("mostPerSecond").ratio, 1.1, "times"),
    atMost("a delivery at 500/s, p50: difference", comparedBy("deliveredP50Ms").difference, COMPANY_MS, "ms"),
  ]);
  process.exitCode = isKept || values.quick ? 0 : 1;
}
const compared = Object.fromEntries(NAMES.map((name) => [name, comparedBy(name)]));
console.log(JSON.stringify({ webhook: medians("webhook"), dual: medians("dual"), compared }));
