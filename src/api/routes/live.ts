/** The live view over HTTP: attempts of the whole fleet as they are made, as Server-Sent Events. Changes nothing. */
import { z } from "zod";
import { type LiveFilter, PLACES_PATTERN } from "../../core/live.ts";
import { OUTCOME_KINDS } from "../../core/outcome.ts";
import { CURSOR_MAX_CHARS } from "../../core/page.ts";
import type { Management } from "../../manage/management.ts";
import type { StillAllowed } from "../access.ts";
import { openLiveStream } from "../live-stream.ts";
import { createOpenStreams } from "../open-streams.ts";
import { type Api, endpointId, operation, subscription } from "../routing.ts";
import { VERDICTS } from "../webhook-log-fields.ts";

const BOUNDS = { perKey: 5, inAll: 100 };
const STATUSES = ["retrying", "failed"] as const;
/** Outcomes of an attempt, and the states that it leaves its delivery in. */
export const LIVE_OUTCOMES = [...OUTCOME_KINDS, ...STATUSES] as const;
type Wanted = (typeof LIVE_OUTCOMES)[number];

/** Described only: another one is refused as a cursor that is none. */
const place = z.string().max(CURSOR_MAX_CHARS).meta({ pattern: PLACES_PATTERN.source });

const liveQuery = z.strictObject({
  type: subscription.optional().describe("A type, a family (`job.*`) or `*`."),
  endpoint: endpointId.optional().describe("At this endpoint."),
  outcome: z
    .enum(LIVE_OUTCOMES)
    .optional()
    .describe("What came of the attempt, or how it left its delivery."),
  after: place.optional().describe("As `Last-Event-ID`, which counts where both are there."),
});

/** Its text is written piece by piece. */
const EVENTS: z.ZodType = z
  .string()
  .describe(
    '`attempt`: its data is a row of `listWebhookLogs` without `response_excerpt`. `dropped`: `{"count":n}`.',
  );

const DESCRIPTION = `Server-Sent Events. \`attempt\`: as a row of a webhook's log, with an id to come back with. \`dropped\`: \`{"count":n}\`
attempts were left out here because you were slower than the stream; null where what came next after your \`Last-Event-ID\` is in
the stream no more, which has about the last 10,000. Comments say each 15 s that it is there. At most ${BOUNDS.perKey} for each key.`;

export function addLiveRoute(
  app: Api,
  { live }: Pick<Management, "live">,
  isStillAllowed: StillAllowed,
): void {
  const streams = createOpenStreams(app, "live views", BOUNDS);
  const content = { "text/event-stream": { schema: EVENTS } };
  const { config, schema } = operation(
    "read",
    "Deliveries",
    "watchAttempts",
    "Watch attempts as they are made",
    {
      description: DESCRIPTION.replaceAll("\n", " "),
      querystring: liveQuery,
      headers: z.object({
        "last-event-id": place.optional().describe("The id of the last event you have had."),
      }),
      response: { 200: { description: "Goes on until you leave.", content } },
    },
  );
  app.get(
    "/api/v1/live",
    { exposeHeadRoute: false, config: { ...config, isStream: true }, schema },
    async (request, reply) => {
      const { query, headers, caller } = request;
      const after = headers["last-event-id"] || query.after || null;
      const isThere = (): boolean => !reply.raw.destroyed && !reply.raw.writableEnded;
      const stream = await streams.open(caller?.keyId ?? "", reply, () =>
        openLiveStream(
          (listener) => live.open(filterOf(query), after, listener),
          async () => isThere() && (await isStillAllowed(request)),
        ),
      );
      reply.type("text/event-stream; charset=utf-8");
      // Nobody on the way is to keep it, change it or wait for its end; nor is the connection of use to others afterwards.
      reply.headers({
        "cache-control": "no-store, no-transform",
        "x-accel-buffering": "no",
        connection: "close",
      });
      return reply.send(stream);
    },
  );
}

function filterOf({ type, endpoint, outcome }: z.output<typeof liveQuery>): LiveFilter {
  return { type, endpoint, ...(outcome !== undefined && narrowedTo(outcome)) };
}

const narrowedTo = (wanted: Wanted): LiveFilter =>
  wanted === "retrying" || wanted === "failed" ? { verdict: VERDICTS[wanted] } : { outcome: wanted };
