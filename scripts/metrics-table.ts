/** docs/metrics.md's table, made from the metrics as they are registered; a test proves that it is up to date. */
import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { Registry } from "prom-client";
import { createInstruments } from "../src/observe/instruments.ts";

const MARKS = /(<!-- metrics -->\n)[\s\S]*?(<!-- \/metrics -->)/;
const UNITS = { _seconds: "seconds", _bytes: "bytes" };
const HEAD = [
  "| metric | type | unit | labels | what it says | used |",
  "| --- | --- | --- | --- | --- | --- |",
];

const GRAFANA = new URL("../grafana/", import.meta.url);

/** A file with queries, and what it holds. */
export interface QueryFile {
  readonly name: string;
  readonly text: string;
}

/** Those of grafana/: the rules, and the dashboards by name. */
export function queryFiles(): readonly QueryFile[] {
  const paths = readdirSync(GRAFANA, { recursive: true, encoding: "utf8" }).toSorted();
  return paths
    .filter((path) => path === "alerts.yml" || /^dashboards\/.*\.json$/.test(path))
    .map((path) => ({
      name: basename(path).replace(/\.(json|yml)$/, ""),
      text: readFileSync(new URL(path, GRAFANA), "utf8"),
    }));
}

/** The page's text with its table renewed between the marks. */
export async function renderMetrics(page: string, files: readonly QueryFile[]): Promise<string> {
  const registry = new Registry();
  createInstruments(registry);
  const metrics = registry.getMetricsAsArray();
  const rows = metrics.map((metric) => {
    const { name, help } = metric;
    const labels = "labelNames" in metric && Array.isArray(metric.labelNames) ? metric.labelNames : [];
    const type = metric.constructor.name.toLowerCase();
    const cells = [`\`${name}\``, type, unitOf(name), code(labels.map(String)), help, usesOf(name, files)];
    return `| ${cells.join(" | ")} |`;
  });
  return page.replace(MARKS, `$1\n${[...HEAD, ...rows].join("\n")}\n\n$2`);
}

const unitOf = (name: string): string =>
  Object.entries(UNITS).find(([suffix]) => name.endsWith(suffix))?.[1] ?? "";

const code = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(", ");

const usesOf = (name: string, files: readonly QueryFile[]): string =>
  files
    .filter(({ text }) => new RegExp(`\\b${name}(_bucket|_sum|_count)?\\b`).test(text))
    .map((file) => file.name)
    .join(", ");
