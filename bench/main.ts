/**
 * `npm run bench`: how fast it is, beside what it could be compared with, in one run on one machine. Starts its own
 * Redis and receivers, runs every mode in alternating rounds, and reports; it judges nothing. docs/benchmarks.md
 * says how to read it. `--quick` proves in seconds that everything works; its figures mean little.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startEmbeddedRedis } from "../src/process/embedded-redis.ts";
import { measureLatency } from "./latency.ts";
import { startSink } from "./receivers.ts";
import { reportJson, reportTable } from "./report.ts";
import { FULL, QUICK, runDeliveries, runPublishing } from "./rounds.ts";
import { measureServed } from "./served.ts";

const { values } = parseArgs({ options: { quick: { type: "boolean", default: false } } });
const plan = values.quick ? QUICK : FULL;

await using cleanup = new AsyncDisposableStack();
const dataDir = await mkdtemp(join(tmpdir(), "hookwave-bench-"));
cleanup.defer(() => rm(dataDir, { recursive: true, force: true }));
const redis = await startEmbeddedRedis({
  dataDir,
  searchPath: process.env["PATH"] ?? "",
  // A rewrite of the file would fall into some rounds and not into others.
  serverArgs: ["--auto-aof-rewrite-percentage", "0"],
});
cleanup.defer(redis.stop);
const sink = await startSink(dataDir);
cleanup.defer(sink.stop);

console.log(
  `Node ${process.version}, ${cpus().length} cores, Redis with AOF everysec, receiver ${sink.name}`,
);
const ground = { redisUrl: redis.url, dataDir };
const deliveries = await runDeliveries(plan, ground, sink);
const publishing = await runPublishing(plan, ground);
const latency = await measureLatency(plan.latency, ground);
const served = await measureServed(plan.served, ground, sink);
const results = { deliveries, publishing, latency, served };
console.log(reportTable(results));
console.log(JSON.stringify(reportJson(results)));
