/** Statistics over HTTP: how the whole fleet has done by the minute, or one webhook by the hour. Changes nothing. */
import { z } from "zod";
import type { StatisticsPoint } from "../../core/statistics.ts";
import type { Management } from "../../manage/management.ts";
import { type Api, endpointId, operation, timeQuery } from "../routing.ts";

const count = z.number().int();

const shownPoint = z.object({
  at: z.iso.datetime().describe("Where the minute, or the hour, begins."),
  attempts: count,
  delivered: count.describe("Deliveries, each once; a replayed one counts again."),
  failed: count.describe("Attempts that did not deliver."),
  retried: count.nullable().describe("Attempts that were not the first of their round; null by the hour."),
  buried: count.describe("Deliveries that were given up."),
  p95_ms: z
    .number()
    .nullable()
    .describe(
      "From an event's acceptance to the end of its first attempt, to within 10 %; null by the hour.",
    ),
});

const shownSpan = z.object({
  resolution: z.enum(["minute", "hour"]),
  data: z.array(shownPoint).describe("Oldest first; the last one may not be over."),
});

export type ShownSpan = z.output<typeof shownSpan>;

const SUMMARY = "Count what all have done by the minute, or one webhook by the hour, in the last day";

const show = ({ firstAttemptP95Ms, ...point }: StatisticsPoint): z.output<typeof shownPoint> => ({
  ...point,
  p95_ms: firstAttemptP95Ms,
});

export function addStatisticsRoute(app: Api, { statistics }: Pick<Management, "statistics">): void {
  app.get(
    "/api/v1/statistics",
    operation("read", "Health", "getStatistics", SUMMARY, {
      querystring: z.strictObject({
        since: timeQuery.describe("An hour before `until` when absent; of one webhook, all there is."),
        until: timeQuery.describe("Now when absent."),
        endpoint: endpointId.optional().describe("Only this webhook, by the hour."),
      }),
      response: { 200: shownSpan },
    }),
    async ({ query }) => {
      const { resolution, points } = await statistics(query);
      return { resolution, data: points.map(show) };
    },
  );
}
