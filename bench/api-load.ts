/**
 * `node bench/api-load.ts [seconds]`: POST /api/v1/events at 1,000 a second over 100 connections, each with an API
 * key, against `hookwave start` with everything on (delivering, too) and its own embedded Redis.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import autocannon from "autocannon";

const REQUESTS_PER_SECOND = 1_000;
const CONNECTIONS = 100;
const seconds = Number(process.argv[2] ?? "30");

await using cleanup = new AsyncDisposableStack();
const dataDir = await mkdtemp(join(tmpdir(), "hookwave-bench-"));
cleanup.defer(() => rm(dataDir, { recursive: true, force: true }));
const apiKey = "bench".repeat(8);
const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const service = spawn(process.execPath, [main, "start"], {
  env: {
    PATH: process.env["PATH"] ?? "",
    HOOKWAVE_PORT: "0",
    HOOKWAVE_DATA_DIR: dataDir,
    HOOKWAVE_API_KEY: apiKey,
  },
  stdio: ["ignore", "pipe", "inherit"],
});
cleanup.defer(async () => {
  service.kill("SIGTERM");
  await once(service, "exit");
});
const url = await untilConnected();

console.log(`Node ${process.version}, ${cpus().length} cores, ${CONNECTIONS} connections, ${seconds} s`);
const result = await autocannon({
  url: `${url}/api/v1/events`,
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

/** The log's lines say where it listens and when it delivers. */
async function untilConnected(): Promise<string> {
  let apiUrl = "";
  for await (const text of createInterface(service.stdout)) {
    const line: { readonly msg?: string; readonly url?: string } = JSON.parse(text);
    if (line.msg === "service.started") apiUrl = line.url ?? "";
    if (line.msg === "service.connected") break;
  }
  service.stdout.resume();
  return apiUrl;
}
