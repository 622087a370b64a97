/** grafana/alerts.yml, played by Prometheus' own tool: each alert fires, and none for a gap or a restart. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { FIRING, type Firing, type Series, WELL } from "../support/alert-scenarios.ts";
import { findTool, INSTALL, runTool } from "../support/prometheus.ts";
import { readRepositoryFile } from "../support/repository.ts";

const RULES = fileURLToPath(new URL("../../grafana/alerts.yml", import.meta.url));
const RUNBOOK = "https://github.com/hookwave/hookwave/blob/main/docs/runbook.md";

const rulesSchema = z.object({
  groups: z.array(
    z.object({
      name: z.string(),
      rules: z.array(
        z.object({
          record: z.string().optional(),
          alert: z.string().optional(),
          expr: z.string(),
          for: z.string().optional(),
          labels: z.record(z.string(), z.string()).default({}),
          annotations: z.record(z.string(), z.string()).default({}),
        }),
      ),
    }),
  ),
});
const { groups } = rulesSchema.parse(parse(readRepositoryFile("grafana/alerts.yml")));
const alerts = groups.flatMap(({ rules }) => rules).filter(({ alert }) => alert !== undefined);
const names = [...new Set(alerts.map(({ alert = "" }) => alert))];

const LOOKS = ["30m", "61m", "63m", "66m", "68m", "75m", "130m", "4h"];

const inputOf = (series: Series) =>
  Object.entries(series).map(([name, values]) => ({ series: name, values }));

interface Expected {
  readonly eval_time: string;
  readonly alertname: string;
  readonly exp_alerts: readonly object[];
}

interface Scenario {
  readonly name: string;
  readonly series: Series;
  readonly expected: readonly Expected[];
}

/** What promtool says of scenarios, played together: nothing where each was as expected. */
async function play(promtool: string, scenarios: readonly Scenario[]): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "hookwave-alerts-"));
  try {
    const path = join(directory, "scenarios.json");
    const tests = scenarios.map(({ name, series, expected }) => ({
      name,
      interval: "1m",
      input_series: inputOf(series),
      alert_rule_test: expected,
    }));
    await writeFile(path, JSON.stringify({ rule_files: [RULES], evaluation_interval: "1m", tests }));
    const { code, said } = await runTool(promtool, ["test", "rules", path]);
    return code === 0 ? "" : said;
  } finally {
    await rm(directory, { recursive: true });
  }
}

function scenarioOf({ alert, at, series, labels = {}, severity, summary }: Firing): Scenario {
  const fired = {
    exp_labels: { severity, ...labels },
    exp_annotations: { summary, runbook_url: `${RUNBOOK}#${alert.toLowerCase()}` },
  };
  const expected = [{ eval_time: at, alertname: alert, exp_alerts: [fired] }];
  return { name: `${alert} at ${at}`, series, expected };
}

describe("grafana/alerts.yml", () => {
  it("is without findings of promtool", async (test) => {
    const promtool = findTool("promtool");
    if (promtool === null) return test.skip(`promtool is not there: ${INSTALL}`);
    const { code, said } = await runTool(promtool, ["check", "rules", RULES]);
    expect(code, said).toBe(0);
  });

  it("fires each alert where it should, and says how much", async ({ skip }) => {
    const promtool = findTool("promtool");
    if (promtool === null) return skip(`promtool is not there: ${INSTALL}`);
    expect(await play(promtool, FIRING.map(scenarioOf))).toBe("");
  });

  it("fires nothing over a scrape gap, a restart of every process, and trouble that ends by itself", async ({
    skip,
  }) => {
    const promtool = findTool("promtool");
    if (promtool === null) return skip(`promtool is not there: ${INSTALL}`);
    const expected = LOOKS.flatMap((eval_time) =>
      names.map((alertname) => ({ eval_time, alertname, exp_alerts: [] })),
    );
    expect(await play(promtool, [{ name: "well", series: WELL, expected }])).toBe("");
  });

  it("has a firing case for every alert and cause, and every series of them in the quiet one", () => {
    const key = (alert: string, cause = ""): string => `${alert} ${cause}`.trim();
    expect(FIRING.map(({ alert, labels }) => key(alert, labels?.["cause"]))).toEqual(
      alerts.map(({ alert = "", labels }) => key(alert, labels["cause"])),
    );
    const metricsOf = (series: Series): readonly string[] =>
      Object.keys(series).map((name) => name.split("{")[0] ?? "");
    const quiet = new Set(metricsOf(WELL));
    expect(FIRING.flatMap(({ series }) => metricsOf(series)).filter((name) => !quiet.has(name))).toEqual([]);
  });

  it("waits before each alert, and says how severe it is, how much, and where to read on", () => {
    for (const { alert = "", for: waits, labels, annotations } of alerts) {
      expect(waits, alert).toMatch(/^\d+[mh]$/);
      expect(labels["severity"], alert).toMatch(/^(page|ticket)$/);
      expect(annotations["summary"], alert).toContain("$value");
      expect(annotations["runbook_url"], alert).toBe(`${RUNBOOK}#${alert.toLowerCase()}`);
    }
  });
});

const pathOf = (file: string): string => fileURLToPath(new URL(`../../grafana/${file}`, import.meta.url));

describe("what goes with it", () => {
  it.for([
    ["promtool", "check", "config", "prometheus.yml"],
    ["amtool", "", "check-config", "alertmanager.yml"],
  ] as const)("%s has no finding in %s%s %s", async ([name, area, check, file], { skip }) => {
    const tool = findTool(name);
    if (tool === null) return skip(`${name} is not there: ${INSTALL}`);
    const { code, said } = await runTool(tool, [area, check, pathOf(file)].filter(Boolean));
    expect(code, said).toBe(0);
  });

  it("hushes the tickets of endpoints while nobody delivers, and names only alerts that there are", () => {
    const text = readRepositoryFile("grafana/alertmanager.yml");
    const named = [...text.matchAll(/Hookwave\w+/g)].map(([name]) => name);
    expect(named).toContain("HookwaveEndpointDown");
    expect(named.filter((name) => !names.includes(name))).toEqual([]);
  });
});
