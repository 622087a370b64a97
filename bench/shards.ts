/**
 * `npm run bench:shards`: one, two and three shards, each on a Redis process of its own in a Cluster of three, in alternating
 * rounds of one run. On a machine whose cores are all taken by one shard the rate cannot grow: what says how near to linear it
 * would on more machines is the CPU of a delivery, which must not grow, and each Redis' share of it, which must fall as 1/N. It
 * judges nothing. `--quick` proves in seconds that it works.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startEmbeddedRedis } from "../src/process/embedded-redis.ts";
import { createPublisher } from "../src/publisher.ts";
import { connectRedis, type Redis } from "../src/store/redis.ts";
import { type ClusterMember, memberArgs, spreadCluster } from "../test/support/cluster.ts";
import { startChild } from "./children.ts";
import { median } from "./median.ts";
import { startSink } from "./receivers.ts";
import { type InShards, inShardsSchema, type ShardSetup } from "./shards-run.ts";
import { DATA, EVENT_TYPE } from "./workload.ts";

const { values } = parseArgs({ options: { quick: { type: "boolean", default: false } } });
const { rounds, skip, count } = values.quick
  ? { rounds: 1, skip: 250, count: 1_000 }
  : { rounds: 4, skip: 4_000, count: 12_000 };
const FILL_AT_ONCE = 1_024;

/** An installation of each number of shards, one after the other. */
const MODES = [
  { shards: 1, prefix: "{one}" },
  { shards: 2, prefix: "{two}" },
  { shards: 3, prefix: "{three}" },
] as const;
/** In turn with the first, the second and the third of the servers; each home is with the first. */
const KEYS = ["{one}", "{two:1}", "{three:2}", "{two:0}", "{three:1}", "{nobody}", "{three:0}"];

interface Member extends ClusterMember {
  readonly url: string;
  readonly redis: Redis;
}

await using cleanup = new AsyncDisposableStack();

async function directory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "hookwave-bench-"));
  cleanup.defer(() => rm(path, { recursive: true, force: true }));
  return path;
}

async function startMember(): Promise<Member> {
  const dataDir = await directory();
  const serverArgs = [
    ...["--auto-aof-rewrite-percentage", "0", ...(await memberArgs())],
    // On a busy machine one that is late is not away.
    ...["--cluster-node-timeout", "30000"],
  ];
  const server = await startEmbeddedRedis({ dataDir, searchPath: process.env["PATH"] ?? "", serverArgs });
  cleanup.defer(server.stop);
  const redis = connectRedis(server.url, "inspector", () => undefined);
  cleanup.defer(() => redis.disconnect());
  return {
    url: server.url,
    redis,
    port: Number(new URL(server.url).port),
    ask: (command, ...args) => redis.call(command, ...args.map(String)),
  };
}

async function fill({ redisUrl, prefix, shards }: ShardSetup): Promise<void> {
  const publisher = createPublisher({ redisUrl, prefix, shards });
  const event = { type: EVENT_TYPE, data: DATA };
  for (let left = skip + count; left > 0; left -= FILL_AT_ONCE)
    await publisher.publishMany(Array.from({ length: Math.min(FILL_AT_ONCE, left) }, () => event));
  await publisher.close();
}

const members = [await startMember(), await startMember(), await startMember()] as const;
const redisUrl = await spreadCluster(members, KEYS);
const dataDir = await directory();
const sink = await startSink(dataDir);
cleanup.defer(sink.stop);
console.log(
  `Node ${process.version}, ${cpus().length} cores, 3 Redis with AOF everysec, receiver ${sink.name}`,
);

async function measure(mode: (typeof MODES)[number]): Promise<InShards> {
  for (const { redis } of members) await redis.flushall();
  const nodes = members.map(({ url }) => url);
  const setup = { ...mode, redisUrl, dataDir, skip, count, nodes, receiverUrl: sink.url };
  await fill(setup);
  const before = await sink.posts();
  const child = await startChild("run-shards.ts", `shards-${mode.shards}`, JSON.stringify(setup));
  await child.stop();
  const got = (await sink.posts()) - before;
  if (got !== skip + count) throw new Error(`expected ${skip + count} deliveries, got ${got}`);
  return inShardsSchema.parse(child.said);
}

const measured = new Map<number, InShards[]>();
for (let round = 0; round < rounds; round += 1)
  for (const mode of MODES)
    measured.set(mode.shards, [...(measured.get(mode.shards) ?? []), await measure(mode)]);

const rows = MODES.map(({ shards }) => {
  const all = measured.get(shards) ?? [];
  const middle = (of: (one: InShards) => number): number => median(all.map(of));
  const eachRedis = members.map((_, at) => middle(({ redisCpuUsEach }) => redisCpuUsEach[at] ?? 0));
  return {
    shards,
    deliveriesPerSecond: middle(({ perSecond }) => perSecond),
    cpuUsPerDelivery: middle(({ cpuUsEach }) => cpuUsEach),
    redisCpuUsPerDelivery: middle(({ redisCpuUsEach }) => redisCpuUsEach.reduce((sum, one) => sum + one, 0)),
    eachRedis,
  };
});
console.log(
  "| shards | deliveries/s | worker's CPU, µs each | all Redis' CPU, µs each | of each Redis, µs each |",
);
console.log("| --- | --- | --- | --- | --- |");
for (const row of rows)
  console.log(
    `| ${row.shards} | ${row.deliveriesPerSecond.toFixed(0)} | ${row.cpuUsPerDelivery.toFixed(0)} | ${row.redisCpuUsPerDelivery.toFixed(0)} | ${row.eachRedis.map((each) => each.toFixed(0)).join(", ")} |`,
  );
console.log(JSON.stringify(rows));
