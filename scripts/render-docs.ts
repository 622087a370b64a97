/**
 * Writes the files that are rendered from the tables of settings, the commands' grammar, the API's routes, the
 * metrics and the rules. Run it after changing src/config, src/endpoints, src/cli/grammar.ts, src/api, src/observe or
 * grafana/alerts.yml.
 */
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { createApiServer } from "../src/api/server.ts";
import { openHookwave } from "../src/app.ts";
import { readEnvironment } from "../src/config/environment.ts";
import {
  renderConfigurationDoc,
  renderEnvExample,
  renderOptions,
  renderReadme,
} from "../src/config/render.ts";
import { SETTINGS } from "../src/endpoints/settings.ts";
import { renderApiTable } from "./api-table.ts";
import { dashboardFiles } from "./dashboards/files.ts";
import { queryFiles, renderMetrics } from "./metrics-table.ts";
import { openapiText } from "./openapi-text.ts";
import { renderCommands, renderSettings } from "./option-tables.ts";
import { renderPrometheusRule } from "./prometheus-rule.ts";

/** As a running service tells it; it needs no Redis for that. */
async function describeApi(): Promise<unknown> {
  const quiet = () => undefined;
  const logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };
  const settings = readEnvironment({});
  const hookwave = await openHookwave({ redisUrl: "redis://127.0.0.1:1", encryptionKey: randomBytes(32) });
  const api = createApiServer({ hookwave, logger, delivers: false, isOpenToOthers: false, settings });
  const response = await fetch(`${await api.listen("127.0.0.1", 0)}/openapi.json`);
  const document: unknown = await response.json();
  await api.close();
  await hookwave.close();
  return document;
}

const description = await describeApi();
const root = new URL("../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), "utf8");
const dashboards = dashboardFiles();
// They come first: docs/metrics.md says which metric is on which.
for (const [path, text] of Object.entries(dashboards)) writeFileSync(new URL(path, root), text);
const files = {
  ...dashboards,
  ".env.example": renderEnvExample(),
  "docs/configuration.md": renderConfigurationDoc(),
  "docs/embedding.md": renderOptions(read("docs/embedding.md")),
  "docs/openapi.json": openapiText(Object(description)),
  "docs/api.md": renderApiTable(read("docs/api.md"), description),
  "docs/endpoints.md": renderSettings(read("docs/endpoints.md"), SETTINGS),
  "docs/cli.md": renderCommands(read("docs/cli.md")),
  "docs/metrics.md": await renderMetrics(read("docs/metrics.md"), queryFiles()),
  "deploy/kubernetes/monitoring/prometheus-rule.yaml": renderPrometheusRule(read("grafana/alerts.yml")),
  "README.md": renderReadme(read("README.md")),
};

for (const [path, text] of Object.entries(files)) {
  writeFileSync(new URL(path, root), text);
  console.log(`rendered ${path}`);
}
