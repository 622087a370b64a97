/** Panels as data, and what Grafana's own builders make of them: each dashboard is a list of rows. */
import { BigValueGraphMode, ReduceDataOptionsBuilder } from "@grafana/grafana-foundation-sdk/common";
import {
  DashboardBuilder,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { DataqueryBuilder } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder as StatBuilder } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as GraphBuilder } from "@grafana/grafana-foundation-sdk/timeseries";

export interface PanelPlan {
  readonly title: string;
  /** What an operator reads of it, and what to do about it. */
  readonly description: string;
  /** Grafana's name of it. */
  readonly unit: "s" | "percentunit" | "short" | "reqps" | "bytes" | "d" | "bool_on_off";
  /** One figure for now, or a course over time. */
  readonly shows: "now" | "course";
  /** Query → legend. */
  readonly queries: Readonly<Record<string, string>>;
}

export interface DashboardPlan {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  /** Variable → the query of its values. */
  readonly variables?: Readonly<Record<string, string>>;
  readonly rows: Readonly<Record<string, readonly PanelPlan[]>>;
}

const DATASOURCE = { type: "prometheus", uid: `\${datasource}` };
const REF_IDS = "ABCDEFGH";
const WIDTHS = { now: 6, course: 12 };
const HEIGHTS = { now: 5, course: 8 };

export function buildDashboard({ uid, title, description, variables = {}, rows }: DashboardPlan): object {
  const dashboard = new DashboardBuilder(`Hookwave / ${title}`)
    .uid(uid)
    .description(description)
    .tags(["hookwave"])
    .editable()
    .refresh("30s")
    .time({ from: "now-6h", to: "now" })
    .timezone("browser")
    .withVariable(new DatasourceVariableBuilder("datasource").label("Data source").type("prometheus"));
  for (const [name, query] of Object.entries(variables))
    dashboard.withVariable(
      new QueryVariableBuilder(name)
        .label(name)
        .datasource(DATASOURCE)
        .query(query)
        .refresh(VariableRefresh.OnTimeRangeChanged),
    );
  let nextId = 1;
  for (const [row, panels] of Object.entries(rows)) {
    dashboard.withRow(new RowBuilder(row).id(nextId));
    for (const [index, panel] of panels.entries()) dashboard.withPanel(buildPanel(panel, nextId + 1 + index));
    nextId += 1 + panels.length;
  }
  return dashboard.build();
}

const buildStat = (): StatBuilder =>
  new StatBuilder()
    .graphMode(BigValueGraphMode.None)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(["lastNotNull"]));

function buildPanel(plan: PanelPlan, id: number): StatBuilder | GraphBuilder {
  const { title, description, unit, shows, queries } = plan;
  const builder = shows === "now" ? buildStat() : new GraphBuilder().fillOpacity(10).spanNulls(false);
  builder
    .id(id)
    .title(title)
    .description(description)
    .unit(unit)
    .datasource(DATASOURCE)
    .span(WIDTHS[shows])
    .height(HEIGHTS[shows]);
  for (const [index, [expr, legend]] of Object.entries(queries).entries()) {
    const query = new DataqueryBuilder()
      .refId(REF_IDS.charAt(index))
      .datasource(DATASOURCE)
      .expr(expr)
      .legendFormat(legend);
    builder.withTarget(shows === "now" ? query.instant() : query.range());
  }
  return builder;
}
