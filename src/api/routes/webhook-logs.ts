/** The log of a webhook: its attempts, newest first, and how it has done. Changes nothing. */
import { z } from "zod";
import { given } from "../../core/given.ts";
import type { EndpointManagement } from "../../manage/endpoints.ts";
import { withoutExcerpt } from "../payloads.ts";
import { type Api, answersForId, operation, pageOf, pageQuery } from "../routing.ts";
import {
  LOG_STATUSES,
  logRow,
  showAttempt,
  shownStatistics,
  showStatistics,
  VERDICTS,
} from "../webhook-log-fields.ts";

const TAG = "Webhooks";
const moment = z.iso.datetime({ offset: true });

const logQuery = z.strictObject({
  ...pageQuery,
  status: z.enum(LOG_STATUSES).optional().describe("No attempt leaves a delivery pending or cancelled."),
  event: z.string().max(128).optional().describe("A type, or a family such as `job.*`."),
  since: moment.optional().describe("Attempts that were recorded from then on."),
  until: moment.optional().describe("Attempts that were recorded by then."),
});

export function addWebhookLogRoutes(app: Api, management: EndpointManagement): void {
  app.get(
    "/api/v1/webhooks/:id/logs",
    operation("read", TAG, "listWebhookLogs", "List its attempts of the last days, newest first", {
      ...answersForId(pageOf(logRow)),
      querystring: logQuery,
    }),
    async ({ hidesPayloads, params, query }) => {
      const { status, event, since, until, after = null, limit } = query;
      const verdict = status && VERDICTS[status];
      if (status !== undefined && verdict === undefined) {
        await management.get(params.id);
        return { data: [], next: null };
      }
      const filter = given({ verdict, eventType: event, since: epochMs(since), until: epochMs(until) });
      const { data, next } = await management.attempts(params.id, filter, { after, limit });
      const rows = data.map(showAttempt);
      return { data: hidesPayloads ? rows.map(withoutExcerpt) : rows, next };
    },
  );
  const summary = "Show how it has done: in all, and in the last day by the hour";
  app.get(
    "/api/v1/webhooks/:id/stats",
    operation("read", TAG, "getWebhookStats", summary, answersForId(shownStatistics)),
    async ({ params }) => showStatistics(await management.statistics(params.id)),
  );
}

const epochMs = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : Math.max(0, Date.parse(text));
