/** The dashboards as files of grafana/dashboards: path → text. A test proves that they are up to date. */
import { endpoint } from "./endpoint.ts";
import { fleet } from "./fleet.ts";
import { migration } from "./migration.ts";
import { overview } from "./overview.ts";
import { buildDashboard } from "./panel.ts";

export function dashboardFiles(): Readonly<Record<string, string>> {
  const plans = { overview, endpoint, fleet, migration };
  return Object.fromEntries(
    Object.entries(plans).map(([name, plan]) => [
      `grafana/dashboards/${name}.json`,
      `${JSON.stringify(buildDashboard(plan), null, 2)}\n`,
    ]),
  );
}
