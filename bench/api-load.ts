/**
 * `node bench/api-load.ts [seconds]`: POST /api/v1/events at 1,000 a second over 100 connections, each with an API
 * key, against `hookwave start` with everything on (delivering, too) and its own embedded Redis.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import autocannon from "autocannon";
import { startServer } from "./served-api.ts";

const REQUESTS_PER_SECOND = 1_000;
const CONNECTIONS = 100;
const seconds = Number(process.argv[2] ?? "30");

await using cleanup = new AsyncDisposableStack();
const dataDir = await mkdtemp(join(tmpdir(), "hookwave-bench-"));
cleanup.defer(() => rm(dataDir, { recursive: true, force: true }));
const apiKey = "bench".repeat(8);
const service = await startServer({ HOOKWAVE_DATA_DIR: dataDir, HOOKWAVE_API_KEY: apiKey });
cleanup.defer(service.stop);

console.log(`Node ${process.version}, ${cpus().length} cores, ${CONNECTIONS} connections, ${seconds} s`);
const result = await autocannon({
  url: `${service.url}/api/v1/events`,
  method: "POST",
  headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
  body: JSON.stringify({ type: "thing.made", data: { text: "x".repeat(500) } }),
  connections: CONNECTIONS,
  overallRate: REQUESTS_PER_SECOND,
  duration: seconds,
});
const { latency, requests, non2xx, errors } = result;
console.log(
  `${requests.average}/s, p50 ${latency.p50} ms, p99 ${latency.p99} ms, max ${latency.max} ms, ${non2xx} refused, ${errors} errors`,
);
