/** The dashboards of grafana/: made from code, and fit to be looked at. Their queries are run in a deep test. */
import { Registry } from "prom-client";
import { describe, expect, it } from "vitest";
import { dashboardFiles } from "../../scripts/dashboards/files.ts";
import { queryFiles } from "../../scripts/metrics-table.ts";
import { createInstruments } from "../../src/observe/instruments.ts";
import { type Panel, readDashboards } from "../support/dashboards.ts";
import { readRepositoryFile } from "../support/repository.ts";

const dashboards = [...readDashboards()];
const panels = dashboards.flatMap(([file, { panels: own }]) =>
  own.map((panel) => ({ ...panel, where: `${file}: ${panel.title}` })),
);
const drawn = panels.filter(({ type }) => type !== "row");
const queries = drawn.flatMap(({ where, targets }) => targets.map((target) => ({ ...target, where })));

/** Those for which it holds, by name. */
const those = <Item extends { readonly where: string }>(
  items: readonly Item[],
  holds: (item: Item) => boolean,
): readonly string[] => items.filter(holds).map(({ where }) => where);

const overlap = (one: Panel, other: Panel): boolean => {
  const [a, b] = [one.gridPos, other.gridPos];
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
};

describe("the dashboards", () => {
  it.each(Object.entries(dashboardFiles()))("%s is up to date", (path, text) => {
    expect(readRepositoryFile(path), `${path}: run node scripts/render-docs.ts`).toBe(text);
  });

  it("have a uid, and each panel an id, of its own", () => {
    const uids = dashboards.map(([, { uid }]) => uid);
    expect(new Set(uids).size).toBe(uids.length);
    for (const [file, { panels: own }] of dashboards)
      expect(new Set(own.map(({ id }) => id)).size, file).toBe(own.length);
  });

  it("say what each panel is, what it tells and in which unit", () => {
    expect(those(panels, ({ title }) => title === "")).toEqual([]);
    expect(those(drawn, ({ description }) => !/\w.*[.%]$/.test(description))).toEqual([]);
    expect(those(drawn, ({ fieldConfig }) => !fieldConfig?.defaults.unit)).toEqual([]);
    expect(those(drawn, ({ targets }) => targets.length === 0)).toEqual([]);
  });

  it("lay no panel over another, nor beyond the edge", () => {
    for (const [file, { panels: own }] of dashboards) {
      const pairs = own.flatMap((one, index) => own.slice(index + 1).map((other) => [one, other] as const));
      expect(
        pairs.filter(([one, other]) => overlap(one, other)).map(([one, other]) => [one.title, other.title]),
        file,
      ).toEqual([]);
    }
    expect(those(panels, ({ gridPos: { x, w } }) => x + w > 24)).toEqual([]);
  });

  it("ask the data source of their one variable", () => {
    for (const [file, { templating }] of dashboards)
      expect(
        templating.list.filter(({ type }) => type === "datasource").map(({ name }) => name),
        file,
      ).toEqual(["datasource"]);
    expect(those(queries, ({ datasource }) => datasource.uid !== `\${datasource}`)).toEqual([]);
  });

  it("rate over Grafana's own interval, sum rates and not the other way round, and show no bare counter", () => {
    const ranges = (expr: string): readonly string[] =>
      [...expr.matchAll(/\[([^\]]+)\]/g)].map(([, one = ""]) => one);
    expect(
      those(queries, ({ expr }) =>
        ranges(expr).some((one) => !["$__rate_interval", "$__range"].includes(one)),
      ),
    ).toEqual([]);
    expect(those(queries, ({ expr }) => /(rate|increase)\(\s*(sum|max|avg)/.test(expr))).toEqual([]);
    const bare = /(?<!(?:rate|increase)\()\b\w+_(?:total|bucket|count)\b(?!\s*,)/;
    expect(those(queries, ({ expr }) => bare.test(expr.replaceAll(/\b(le|by)\b/g, "")))).toEqual([]);
  });

  it("and the rules leave no metric out", () => {
    const registry = new Registry();
    createInstruments(registry);
    const asked = queryFiles()
      .map(({ text }) => text)
      .join("\n");
    const names = registry.getMetricsAsArray().map(({ name }) => name);
    expect(names.length).toBeGreaterThan(30);
    expect(names.filter((name) => !new RegExp(`\\b${name}(_bucket|_count)?\\b`).test(asked))).toEqual([]);
  });
});
