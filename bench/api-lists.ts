/**
 * `node bench/api-lists.ts [seconds]`: how long lists and single answers of the API take with 10,000 endpoints and
 * 100,000 retained events, over HTTP from another process, one connection after the other and then ten at once. Starts
 * its own Redis, fills it, and opens `hookwave start` in the role `api` on it. A new list is a new line in PATHS.
 */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import autocannon from "autocannon";
import { startEmbeddedRedis } from "../src/process/embedded-redis.ts";
import { endpointId, fill, RARE_TYPE, WIDE_EVENT } from "./retained.ts";
import { startServer } from "./served-api.ts";

const RETAINED = { endpoints: 10_000, events: 100_000 };
const CONNECTIONS = [1, 10];
const seconds = Number(process.argv[2] ?? "5");

await using cleanup = new AsyncDisposableStack();
const dataDir = await mkdtemp(join(tmpdir(), "hookwave-bench-"));
cleanup.defer(() => rm(dataDir, { recursive: true, force: true }));
const redis = await startEmbeddedRedis({ dataDir, searchPath: process.env["PATH"] ?? "" });
cleanup.defer(redis.stop);
const encryptionKey = randomBytes(32);
const half = await fill(redis.url, encryptionKey, RETAINED);
const apiKey = "bench".repeat(8);
const server = await startServer({
  HOOKWAVE_DATA_DIR: dataDir,
  HOOKWAVE_ROLE: "api",
  REDIS_URL: redis.url,
  HOOKWAVE_ENCRYPTION_KEY: encryptionKey.toString("base64"),
  HOOKWAVE_API_KEY: apiKey,
  API_RATE_LIMIT: "100000000",
});
cleanup.defer(server.stop);

const one = endpointId(4_711);
const PATHS: Readonly<Record<string, string>> = {
  "feed, first 100": "/events?limit=100",
  "feed, 100 from the middle": `/events?limit=100&since=${half}`,
  "feed, one type in 100,000": `/events?type=${RARE_TYPE}`,
  event: "/events/evt_050000",
  "event to 10,000 endpoints": `/events/${WIDE_EVENT}`,
  "deliveries, newest 100": "/deliveries?limit=100",
  "deliveries, oldest half": `/deliveries?limit=100&until=${half}`,
  "deliveries, buried": "/deliveries?status=buried&limit=100",
  "deliveries, waiting": "/deliveries?status=retrying&limit=100",
  "deliveries, cancelled (none)": "/deliveries?status=cancelled",
  "deliveries to one endpoint": `/deliveries?endpoint=${one}`,
  "deliveries of one event": "/deliveries?event=evt_050000",
  "deliveries, 100 of 10,000": `/deliveries?event=${WIDE_EVENT}&limit=100`,
  delivery: `/deliveries/${WIDE_EVENT}.${endpointId(10)}`,
  "dead letters, newest 100": "/dead-letters?limit=100",
  "dead letters of one type": `/dead-letters?type=${RARE_TYPE}`,
  "webhooks, first 100": "/webhooks?limit=100",
  "webhooks, found by text": "/webhooks?text=receiver-9999",
  webhook: `/webhooks/${one}`,
  "webhook, logs": `/webhooks/${one}/logs?limit=100`,
  "webhook, stats": `/webhooks/${one}/stats`,
};

console.log(`Node ${process.version}, ${cpus().length} cores, ${seconds} s each; p50 and p99 in ms`);
for (const [name, path] of Object.entries(PATHS)) {
  const figures: string[] = [];
  for (const connections of CONNECTIONS) figures.push(await measure(path, connections));
  console.log(`${name.padEnd(30)} ${figures.join("   ")}`);
}

async function measure(path: string, connections: number): Promise<string> {
  const result = await autocannon({
    url: `${server.url}/api/v1${path}`,
    headers: { authorization: `Bearer ${apiKey}` },
    connections,
    duration: seconds,
  });
  const { latency, requests, non2xx, errors } = result;
  if (non2xx + errors > 0) throw new Error(`${path}: ${non2xx} refused, ${errors} errors`);
  return `${connections} at once: ${latency.p50} / ${latency.p99} (${Math.round(requests.average)}/s)`;
}
