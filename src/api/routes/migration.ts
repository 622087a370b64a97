/** The migration over HTTP: how it stands, the switch between its phases, and the evidence for the next step. */
import { type Caller, callerInWords } from "../../core/access.ts";
import { EVERYTHING, type Shares } from "../../core/migration.ts";
import type { MigrationManagement } from "../../manage/migration.ts";
import {
  askedSwitch,
  reportQuery,
  showMigration,
  shownMigration,
  shownReport,
  showReport,
} from "../migration-fields.ts";
import { type Api, operation } from "../routing.ts";

const TAG = "Migration";
const PATH = "/api/v1/migration";

export function addMigrationRoutes(app: Api, migration: MigrationManagement): void {
  app.get(
    PATH,
    operation("read", TAG, "getMigration", "Show the phase, what waits, the bus, and the latest changes", {
      response: { 200: shownMigration },
    }),
    async () => showMigration(await migration.status()),
  );
  app.put(
    PATH,
    operation("admin", TAG, "setMigration", "Set the phase for the whole fleet, for good or for a while", {
      body: askedSwitch,
      response: { 200: shownMigration },
    }),
    async ({ body: { phase, for: forMs = null, reason = null, backlog = null, percent }, caller }) => {
      const request = { phase, forMs, reason, backlog, shares: sharesOf(percent), by: nameOf(caller) };
      return showMigration(await migration.set(request));
    },
  );
  app.get(
    `${PATH}/report`,
    operation("read", TAG, "reportMigration", "Compare both ways, and say whether the next step is safe", {
      querystring: reportQuery,
      response: { 200: shownReport },
    }),
    async ({ query: { since, min_events: minEvents, listeners, p99 } }) =>
      showReport(await migration.report({ sinceMs: since, minEvents, listeners, p99GoalMs: p99 })),
  );
}

/** Types of which nothing is said go by webhook, all of them. */
function sharesOf(percent: number | Readonly<Record<string, number>> | undefined): Shares | null {
  if (percent === undefined) return null;
  return typeof percent === "number" ? { "*": percent } : { ...EVERYTHING, ...percent };
}

/** Nobody gets here unnamed: the route asks for a role. */
const nameOf = (caller: Caller | null): string => (caller === null ? "nobody" : callerInWords(caller));
