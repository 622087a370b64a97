/** The log of the API: a person who reads it is not to wade through what machines ask all day. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createLog } from "../../src/observe/log.ts";
import { ask, startApi } from "../support/api.ts";
import { startHookwave, startRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

type Line = Readonly<Record<string, unknown>>;

const inWords = ({ level, msg, route, status }: Line): string =>
  `${level} ${msg} ${route} ${status ?? ""}`.trim();

it("has probes, scrapes and the page's files at debug, whatever they say, and refusals at info", async () => {
  await using redis = await startRedis("--hz", "10");
  await using hookwave = await startHookwave(redis, { role: "api", apiKey: "k".repeat(32) });
  const logFile = join(redis.dataDir, "api.log");
  const log = createLog({ level: "debug", destination: logFile });
  await using api = await startApi(hookwave, { delivers: false, logger: log.logger });
  const asAdmin = { headers: { authorization: `Bearer ${"k".repeat(32)}` } };
  const get = (path: string, init?: RequestInit) => ask(`${api.url}${path}`, init);

  await get("/healthz");
  await get("/readyz");
  await get("/metrics", asAdmin);
  await get("/docs/");
  await get("/docs/static/swagger-ui.css");
  await get("/openapi.json");
  await get("/metrics");
  await get("/docs/static/none.css");
  await get("/api/v1/status", asAdmin);
  process.kill(redis.pid, "SIGKILL");
  await until("it is not ready", async () => (await get("/readyz")).status === 503);
  await get("/api/v1/keys", asAdmin);
  await api.close();
  await log.close();

  const lines = (await readFile(logFile, "utf8"))
    .trimEnd()
    .split("\n")
    .map((line): Line => JSON.parse(line));
  expect([...new Set(lines.map(inWords))]).toEqual([
    "debug request.finished /healthz 200",
    "debug request.finished /readyz 200",
    "debug request.finished /metrics 200",
    "debug request.finished /docs 200",
    "debug request.finished /docs/static/* 200",
    "debug request.finished /openapi.json 200",
    "info request.finished /metrics 401",
    "info request.finished null 404",
    "info request.finished /api/v1/status 200",
    "debug request.finished /readyz 503",
    "debug request.failed /api/v1/keys",
    "warn request.finished /api/v1/keys 503",
  ]);
});
