/** docs/cloudwatch.md: its files as far as they can be held against something; no collector is here. */
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { examplesOf } from "../support/doc-examples.ts";
import { readRepositoryFile } from "../support/repository.ts";

const PAGE = "docs/cloudwatch.md";
const page = readRepositoryFile(PAGE);
const examples = await examplesOf(PAGE, "yaml");

const parts = z.record(z.string(), z.unknown()).default({});
const declarationSchema = z.strictObject({
  dimensions: z.array(z.array(z.string())),
  metric_name_selectors: z.array(z.string()),
});
const collectorSchema = z.strictObject({
  receivers: z.looseObject({
    prometheus: z.object({ config: z.object({ scrape_configs: z.array(z.unknown()) }) }),
  }),
  processors: parts,
  extensions: parts,
  exporters: z.record(
    z.string(),
    z.looseObject({ metric_declarations: z.array(declarationSchema).default([]) }),
  ),
  service: z.strictObject({
    extensions: z.array(z.string()).default([]),
    pipelines: z.record(z.string(), z.record(z.string(), z.array(z.string()))),
  }),
});
const collectors = examples.map((text) => collectorSchema.parse(parse(text)));

/** Name → labels. */
const metrics = new Map(
  [...readRepositoryFile("docs/metrics.md").matchAll(/^\| `(hookwave_\w+)` \|[^|]*\|[^|]*\|([^|]*)\|/gm)].map(
    ([, name = "", labels = ""]) => [name, [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label)],
  ),
);

describe(PAGE, () => {
  it("shows two collectors, whose pipelines use every part that there is, and no other", () => {
    expect(collectors).toHaveLength(2);
    for (const { service, receivers, processors, extensions, exporters } of collectors) {
      expect(service.pipelines["metrics"]).toEqual({
        receivers: Object.keys(receivers),
        processors: Object.keys(processors),
        exporters: Object.keys(exporters),
      });
      expect(service.extensions).toEqual(Object.keys(extensions));
    }
  });

  it("scrapes the jobs that the rules look for, at the port that compose has", () => {
    const compose = readRepositoryFile("docker-compose.yml");
    const [, port = ""] = /METRICS_PORT: "(\d+)"/.exec(compose) ?? [];
    for (const text of examples) {
      expect([...text.matchAll(/job_name: (\S+)/g)].map(([, job]) => job)).toEqual(
        [...readRepositoryFile("grafana/prometheus.yml").matchAll(/job_name: (\S+)/g)].map(([, job]) => job),
      );
      const ports = [...text.matchAll(/(?:port: |:)(\d{4,5})\b/g)].map(([, one]) => one);
      expect(new Set(ports)).toEqual(new Set([port]));
    }
  });

  it("selects metrics that there are, each by one declaration, with labels that they have", () => {
    const declarations = collectors.flatMap(({ exporters }) =>
      Object.values(exporters).flatMap(({ metric_declarations }) => metric_declarations),
    );
    const selected = declarations.flatMap(({ dimensions, metric_name_selectors }) =>
      metric_name_selectors.map((selector) => ({ dimensions: dimensions.flat(), selector })),
    );
    expect(selected.length).toBeGreaterThan(10);
    for (const { dimensions, selector } of selected) {
      // The collector takes `$$` for a dollar.
      const pattern = new RegExp(selector.replaceAll("$$", "$"));
      const names = [...metrics.keys()].filter((name) => pattern.test(name));
      expect(names, selector).toHaveLength(1);
      expect(metrics.get(names[0] ?? ""), selector).toEqual(expect.arrayContaining(dimensions));
      expect(dimensions).not.toContain("endpoint");
    }
    expect(new Set(selected.map(({ selector }) => selector)).size).toBe(selected.length);
  });

  it("names only metrics that there are", () => {
    const named = [...page.matchAll(/\b(hookwave_[a-z0-9_]+)/g)].map(([, name = ""]) => name);
    expect(named.filter((name) => name !== "hookwave_" && !metrics.has(name))).toEqual([]);
  });
});
