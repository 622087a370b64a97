import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { queryFiles, renderMetrics } from "../../scripts/metrics-table.ts";
import { renderCommands, renderSettings } from "../../scripts/option-tables.ts";
import { renderPrometheusRule } from "../../scripts/prometheus-rule.ts";
import { readEnvironment } from "../../src/config/environment.ts";
import {
  renderConfigurationDoc,
  renderEnvExample,
  renderOptions,
  renderReadme,
} from "../../src/config/render.ts";
import { SETTINGS } from "../../src/config/settings.ts";
import { SETTINGS as ENDPOINT_SETTINGS } from "../../src/endpoints/settings.ts";

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

const metrics = await renderMetrics(read("docs/metrics.md"), queryFiles());

describe("what is rendered from the tables of settings", () => {
  it.each([
    [".env.example", renderEnvExample()],
    ["docs/configuration.md", renderConfigurationDoc()],
    ["docs/embedding.md", renderOptions(read("docs/embedding.md"))],
    ["README.md", renderReadme(read("README.md"))],
    ["docs/endpoints.md", renderSettings(read("docs/endpoints.md"), ENDPOINT_SETTINGS)],
    ["docs/cli.md", renderCommands(read("docs/cli.md"))],
    ["docs/metrics.md", metrics],
    ["deploy/kubernetes/monitoring/prometheus-rule.yaml", renderPrometheusRule(read("grafana/alerts.yml"))],
  ])("%s is up to date", (path, rendered) => {
    expect(read(path), `${path} is out of date: run node scripts/render-docs.ts`).toBe(rendered);
  });

  it("changes nothing when every line of .env.example is switched on", () => {
    const entries = read(".env.example").matchAll(/^# ([A-Z_]+)=(.*)$/gm);
    const env = Object.fromEntries(entries.map(([, variable, value]) => [variable, value]));
    expect(Object.keys(env)).toHaveLength(SETTINGS.length);
    expect(readEnvironment(env)).toEqual(readEnvironment({}));
  });
});
