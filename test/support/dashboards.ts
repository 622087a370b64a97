/** grafana/dashboards as they are stored: what Grafana would load. */
import { readdirSync } from "node:fs";
import { z } from "zod";
import { readRepositoryFile } from "./repository.ts";

const datasourceSchema = z.object({ type: z.string(), uid: z.string() });

const panelSchema = z.object({
  id: z.number(),
  type: z.enum(["row", "stat", "timeseries"]),
  title: z.string(),
  description: z.string().default(""),
  gridPos: z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() }),
  fieldConfig: z.object({ defaults: z.object({ unit: z.string().optional() }) }).optional(),
  targets: z
    .array(z.object({ refId: z.string(), expr: z.string(), datasource: datasourceSchema }))
    .default([]),
});

const dashboardSchema = z.object({
  uid: z.string(),
  title: z.string(),
  description: z.string(),
  templating: z.object({
    list: z.array(z.object({ name: z.string(), type: z.string(), query: z.unknown() })),
  }),
  panels: z.array(panelSchema),
});

export type Panel = z.output<typeof panelSchema>;
export type Dashboard = z.output<typeof dashboardSchema>;

const FOLDER = "grafana/dashboards";

/** File name → dashboard. */
export function readDashboards(): ReadonlyMap<string, Dashboard> {
  const names = readdirSync(new URL(`../../${FOLDER}`, import.meta.url)).filter((name) =>
    name.endsWith(".json"),
  );
  return new Map(
    names.map((name) => [name, dashboardSchema.parse(JSON.parse(readRepositoryFile(`${FOLDER}/${name}`)))]),
  );
}
