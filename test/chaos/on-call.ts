/**
 * `npm run on-call`: four nights of an operator, played in real time with the rules as they ship: a trouble, the alerts
 * that come of it and after how long, and what the runbook's commands say then. The figures are in docs/runbook.md.
 */
import { constants, randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createAuthority } from "../support/certificates.ts";
import { freshDirectory, LOOPBACK_VARIABLES, type RunningCommand, startCommand } from "../support/command.ts";
import { findTool, INSTALL, type PrometheusServer, startPrometheus } from "../support/prometheus.ts";
import { plainAnswer, startRawReceiver } from "../support/raw-receiver.ts";
import { readRepositoryFile } from "../support/repository.ts";
import { runShown } from "../support/shown-commands.ts";
import { until } from "../support/until.ts";
import { startRedisServer } from "./harness/redis-server.ts";

/** A session that is resumed shows no certificate again, and so outlives it. */
const UNRESUMED = { maxVersion: "TLSv1.2", secureOptions: constants.SSL_OP_NO_TICKET } as const;
/** As grafana/prometheus.yml has it. */
const EVERY = "15s";
const EVENTS_EVERY_MS = 250;
/** So that rates have a past before the trouble begins. */
const CALM_MS = 120_000;
const LOOK_EVERY_MS = 2_000;
const PATIENCE_MS = 120_000;
const DAY_MS = 24 * 60 * 60 * 1_000;
const RULES = fileURLToPath(new URL("../../grafana/alerts.yml", import.meta.url));

/** A service with a process for each role, what it lives with, and the Prometheus that watches it. */
interface House {
  readonly receiver: { readonly close: () => Promise<void> };
  readonly redis: { readonly freeze: () => void };
  readonly workers: RunningCommand;
  readonly prometheus: PrometheusServer;
  /** Of its API. */
  readonly url: string;
}

interface Night {
  readonly trouble: string;
  /** The days for which the receiver's certificate is valid; without one it is spoken to in plain text. */
  readonly certificateDays?: number;
  readonly begin: (house: House) => void | Promise<void>;
}

const nights: readonly Night[] = [
  { trouble: "a receiver is killed", begin: ({ receiver }) => receiver.close() },
  { trouble: "Redis is frozen", begin: ({ redis }) => redis.freeze() },
  { trouble: "the workers are stopped", begin: ({ workers }) => workers.signal("SIGTERM") },
  // It ends by itself, about when the calm is over.
  { trouble: "a certificate ends", certificateDays: CALM_MS / DAY_MS, begin: () => undefined },
];

const { values } = parseArgs({
  options: { minutes: { type: "string", default: "20" }, only: { type: "string", default: "" } },
});
const lastsMs = Number(values.minutes) * 60_000;

async function openHouse(
  prometheusPath: string,
  opened: AsyncDisposableStack,
  certificateDays: number | undefined,
): Promise<House> {
  const redis = opened.use(await startRedisServer("everysec"));
  const directory = opened.use(await freshDirectory());
  const authority = createAuthority();
  const ca = join(directory.path, "ca.pem");
  await writeFile(ca, authority.cert);
  const receiver = await startRawReceiver(
    (socket) => socket.end(plainAnswer(200, "", ["connection: close"])),
    certificateDays === undefined
      ? undefined
      : { ...authority.issue("127.0.0.1", { endsInDays: certificateDays }), ...UNRESUMED },
  );
  opened.defer(receiver.close);
  const variables = {
    ...LOOPBACK_VARIABLES,
    HOOKWAVE_DATA_DIR: directory.path,
    REDIS_URL: redis.url,
    WEBHOOK_URL: receiver.url,
    WEBHOOK_SECRET: `whsec_${randomBytes(32).toString("base64")}`,
    METRICS_PORT: "0",
    NODE_EXTRA_CA_CERTS: ca,
  };
  const api = opened.use(startCommand(["start", "--role", "api"], variables));
  const { url, target } = await addresses(api);
  const workers = opened.use(startCommand(["start", "--role", "worker"], variables));
  const jobs = { "hookwave-api": target, "hookwave-worker": (await addresses(workers)).target };
  const prometheus = opened.use(await startPrometheus(prometheusPath, { jobs, every: EVERY, rules: RULES }));
  const load = setInterval(() => void publish(url), EVENTS_EVERY_MS);
  opened.defer(() => clearInterval(load));
  return { receiver, redis, workers, prometheus, url };
}

async function play({ trouble, begin }: Night, house: House): Promise<void> {
  await pause(CALM_MS);
  await begin(house);
  await watch(house, (lines) => void process.stdout.write(`${trouble}, ${lines.join("\n")}\n\n`));
}

/** The addresses of a process' API, where it has one, and of its metrics. */
async function addresses(
  command: RunningCommand,
): Promise<{ readonly url: string; readonly target: string }> {
  const started = await until(
    "the service has started",
    () => command.log().find(({ msg }) => msg === "service.started"),
    PATIENCE_MS,
  );
  return { url: String(started["url"]), target: new URL(String(started["metricsUrl"])).host };
}

/** Producers repeat what is refused; here the trouble is what counts. */
async function publish(url: string): Promise<void> {
  const event = { type: "thing.made", data: {} };
  await fetch(`${url}/api/v1/events`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(event),
    signal: AbortSignal.timeout(10_000),
  }).catch(() => undefined);
}

/** Each alert once, with what its heading's commands say while it fires. */
async function watch({ prometheus, url }: House, say: (lines: readonly string[]) => void): Promise<void> {
  const begunAt = performance.now();
  const seen = new Set<string>();
  while (performance.now() - begunAt < lastsMs) {
    const { labels } = await prometheus.query('ALERTS{alertstate="firing"}');
    for (const { alertname = "", severity = "", cause, reason, endpoint } of labels) {
      const about = [cause, reason, endpoint].filter((label) => label !== undefined).join(", ");
      const alert = `${alertname}${about === "" ? "" : ` (${about})`}`;
      if (seen.has(alert)) continue;
      seen.add(alert);
      const after = minutes(performance.now() - begunAt);
      say([`after ${after}, ${severity}: ${alert}`, ...(await look(alertname, url))]);
    }
    await pause(LOOK_EVERY_MS);
  }
}

/** The commands of an alert's heading, each with how long it took and what it said. */
async function look(alert: string, url: string): Promise<readonly string[]> {
  const section = readRepositoryFile("docs/runbook.md").split(`## ${alert}\n`)[1]?.split("\n## ")[0] ?? "";
  const commands = [...section.matchAll(/^(?:npx hookwave|curl) .+$/gm)].map(([command]) => command);
  const said: string[] = [];
  for (const command of commands) {
    const askedAt = performance.now();
    const { code, stdout } = await runShown(command, url).catch((error: unknown) => ({
      code: null,
      stdout: String(error),
    }));
    said.push(
      `  $ ${command}  [${code}, ${Math.round(performance.now() - askedAt)} ms]`,
      stdout.slice(0, 3_000),
    );
  }
  return said;
}

const minutes = (ms: number): string =>
  `${Math.floor(ms / 60_000)}:${String(Math.floor((ms % 60_000) / 1_000)).padStart(2, "0")}`;

const path = findTool("prometheus");
if (path === null) throw new Error(`expected prometheus on PATH, got none; ${INSTALL}`);
await using opened = new AsyncDisposableStack();
const played: Promise<void>[] = [];
// Opened one after the other: each brings four processes.
for (const night of nights.filter(({ trouble }) => trouble.includes(values.only)))
  played.push(play(night, await openHouse(path, opened, night.certificateDays)));
await Promise.all(played);
