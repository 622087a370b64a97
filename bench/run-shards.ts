/** A child: a worker that delivers from all shards, and sends what it took. */
import { connectRedis } from "../src/store/redis.ts";
import { startService } from "./modes/hookwave.ts";
import { type InShards, shardSetupSchema } from "./shards-run.ts";
import { cpuUsOf } from "./stopwatch.ts";
import { IN_FLIGHT } from "./workload.ts";

const setup = shardSetupSchema.parse(JSON.parse(process.argv[3] ?? "{}"));
const { prefix, shards, skip, count } = setup;
const nodes = setup.nodes.map((url) => connectRedis(url, "inspector", () => undefined));
await Promise.all(nodes.map((node) => node.ping()));

interface Reading {
  readonly atMs: number;
  readonly cpuUs: number;
  readonly redisCpuUs: Promise<readonly number[]>;
}

const read = (): Reading => {
  const { user, system } = process.cpuUsage();
  return {
    atMs: performance.now(),
    cpuUs: user + system,
    redisCpuUs: Promise.all(nodes.map((node) => cpuUsOf(node))),
  };
};

const begun = Promise.withResolvers<Reading>();
const ended = Promise.withResolvers<Reading>();
let delivered = 0;
const service = await startService(
  setup,
  (happening) => {
    if (happening.kind !== "attempt.finished" || happening.record.outcome !== "delivered") return;
    delivered += 1;
    if (delivered === skip) begun.resolve(read());
    if (delivered === skip + count) ended.resolve(read());
  },
  // As many open POSTs for each: what is recorded together in a shard is then as much, as it is with as many times the load.
  { prefix, shards, maxInFlight: IN_FLIGHT * shards },
);
const [begin, end] = [await begun.promise, await ended.promise];
const [before, after] = [await begin.redisCpuUs, await end.redisCpuUs];
await service.close();
for (const node of nodes) node.disconnect();
const measured: InShards = {
  perSecond: (1_000 * count) / (end.atMs - begin.atMs),
  cpuUsEach: (end.cpuUs - begin.cpuUs) / count,
  redisCpuUsEach: after.map((cpuUs, at) => (cpuUs - (before[at] ?? 0)) / count),
};
process.send?.(measured);
process.disconnect();
