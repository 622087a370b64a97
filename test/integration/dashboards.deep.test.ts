/** Every query of the dashboards and the rules, asked of a real Prometheus that scrapes a service under load and trouble. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { ask } from "../support/api.ts";
import { CHANNEL, LIST, listenToBus, registered } from "../support/bus.ts";
import { createAuthority } from "../support/certificates.ts";
import { apiUrl, freshDirectory, LOOPBACK_VARIABLES, startCommand } from "../support/command.ts";
import { readDashboards } from "../support/dashboards.ts";
import { findTool, INSTALL, type PrometheusServer, startPrometheus } from "../support/prometheus.ts";
import { plainAnswer, startRawReceiver } from "../support/raw-receiver.ts";
import { startReceiver } from "../support/receiver.ts";
import { readRepositoryFile } from "../support/repository.ts";
import { startRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

const dashboards = [...readDashboards().values()];
/** As Grafana fills its variables in; the scrape interval of this test is a second. */
const filled = (expr: string): string =>
  expr.replaceAll("$__rate_interval", "10s").replaceAll("$__range", "15s").replaceAll("$endpoint", ".+");
const shown = dashboards.flatMap(({ panels }) =>
  panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
);
/** The values of a variable are those of a label of this metric. */
const variables = dashboards.flatMap(({ templating }) =>
  templating.list.flatMap(({ query }) => /^label_values\((\w+), \w+\)$/.exec(String(query))?.[1] ?? []),
);
const rulesSchema = z.object({
  groups: z.array(z.object({ rules: z.array(z.object({ expr: z.string() })) })),
});
const rules = rulesSchema
  .parse(parse(readRepositoryFile("grafana/alerts.yml")))
  .groups.flatMap(({ rules: own }) => own.map(({ expr }) => expr));

/** Those that Prometheus refuses, or has nothing for. */
async function unanswered(
  prometheus: PrometheusServer,
  queries: readonly string[],
): Promise<readonly string[]> {
  const answers = await Promise.all(queries.map((query) => prometheus.query(query)));
  return queries.filter((_, index) => answers[index]?.error !== null || answers[index].values.length === 0);
}

it("every panel and variable shows something, and every rule asks for what there is", async ({ skip }) => {
  const path = findTool("prometheus");
  if (path === null) return skip(`prometheus is not there: ${INSTALL}`);
  await using directory = await freshDirectory();
  await using redis = await startRedis();
  await using _bus = await listenToBus(redis.url);
  await using well = await startReceiver();
  await using ill = await startReceiver(500);
  const authority = createAuthority();
  const ca = join(directory.path, "ca.pem");
  await writeFile(ca, authority.cert);
  await using opened = new AsyncDisposableStack();
  const secure = await startRawReceiver(
    (socket) => socket.write(plainAnswer(200)),
    authority.issue("127.0.0.1"),
  );
  opened.defer(secure.close);
  await using service = startCommand(["start"], {
    HOOKWAVE_DATA_DIR: directory.path,
    REDIS_URL: redis.url,
    HOOKWAVE_PORT: "0",
    METRICS_PORT: "0",
    NODE_EXTRA_CA_CERTS: ca,
    ENABLE_REDIS_FALLBACK: "true",
    LEGACY_REDIS_LIST: LIST,
    LEGACY_REDIS_CHANNEL: CHANNEL,
    ...LOOPBACK_VARIABLES,
  });
  const url = await apiUrl(service);
  const post = (route: string, body: unknown) =>
    ask(`${url}/api/v1/${route}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  const webhooks = [
    { id: "default", url: well.url, events: ["*"] },
    { id: "ill", url: ill.url, events: ["thing.made"], retry_schedule: ["1s", "1h"] },
    { id: "gone", url: ill.url, events: ["thing.made"], retry_schedule: [] },
    { id: "slow", url: well.url, events: ["thing.made"], rate_limit: { count: 1, per_seconds: 60 } },
    { id: "secure", url: `https://127.0.0.1:${secure.port}/`, events: ["thing.made"] },
  ];
  for (const webhook of webhooks)
    expect((await post("webhooks", webhook)).body).toMatchObject({ id: webhook.id });
  const metricsUrl = String(service.log().find(({ msg }) => msg === "service.started")?.["metricsUrl"]);
  await using prometheus = await startPrometheus(path, {
    jobs: { hookwave: new URL(metricsUrl).host },
    every: "1s",
  });
  let count = 0;
  const load = setInterval(() => {
    count += 1;
    for (const event of [{ type: "thing.made", data: { count } }, registered(`evt_${count % 50}`)])
      void post("events", event);
  }, 50);
  try {
    const wanted = [...shown, ...variables].map(filled);
    const metrics = [...new Set(rules.join("\n").match(/\bhookwave_\w+/g))];
    expect([shown.length > 40, variables.length, rules.length > 15]).toEqual([true, 1, true]);
    let missing: readonly string[] = wanted;
    await until(
      "all of them have something to show",
      async () => {
        missing = await unanswered(prometheus, [...wanted, ...metrics]);
        return missing.length === 0;
      },
      45_000,
    ).catch(() => undefined);
    expect(missing).toEqual([]);
    const refusals = await Promise.all(rules.map((rule) => prometheus.query(rule)));
    expect(refusals.map(({ error }) => error).filter((error) => error !== null)).toEqual([]);
  } finally {
    clearInterval(load);
  }
}, 120_000);
