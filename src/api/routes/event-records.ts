/** Events that are on record, over HTTP: the feed that receivers pull, one event whole, and sending it again. */
import { z } from "zod";
import { asEventId } from "../../core/brand.ts";
import { ENDPOINT_ID_PATTERN } from "../../core/endpoint.ts";
import { EVENT_ID_PATTERN, type PublishedEvent } from "../../core/event.ts";
import { maskUrl } from "../../core/mask-url.ts";
import { isBehind } from "../../core/shards.ts";
import type { EventManagement } from "../../manage/events.ts";
import { eventsText, eventText } from "../event-text.ts";
import {
  EXPORT_PAGE,
  type Exported,
  type Exports,
  exportOperation,
  exportQuery,
  sendExport,
} from "../exports.ts";
import { inJson, isoOf } from "../json-names.ts";
import { hiddenMark, withoutData } from "../payloads.ts";
import { type Api, idParams, operation, pageOf, pageQuery, subscription, timeQuery } from "../routing.ts";
import { deliverySchema, showDelivery } from "../shown-delivery.ts";

const TAG = "Events";

const eventSchema = z.object({
  id: z.string().describe("The `webhook-id` of every copy."),
  type: z.string(),
  timestamp: z.string(),
  data: z.unknown().describe("Exactly the bytes that were published."),
  ...hiddenMark,
});

export type EventInJson = z.output<typeof eventSchema>;

export const eventPage = pageOf(eventSchema);

export const wholeEventSchema = eventSchema.extend({
  accepted_at: z.iso.datetime(),
  legacy: z
    .object({ data: z.unknown() })
    .optional()
    .describe("Exactly the bytes for the legacy bus, where they are others than data's."),
  destinations: z
    .array(
      z.object({
        url: z.string(),
        events: z.array(z.string()),
        profile: z.string().nullable(),
        key_id: z.string(),
      }),
    )
    .describe("Receivers that came with the event; of their URLs, the host is shown."),
  deliveries: pageOf(deliverySchema).describe(
    "The first hundred; `next` goes on at /api/v1/deliveries?event=.",
  ),
});

export type WholeEventInJson = z.output<typeof wholeEventSchema>;

export const replayedEvent = z.object({
  started: z.number().int().describe("Deliveries that begin again."),
  brought_forward: z.number().int().describe("Deliveries that were waiting, and are tried now."),
});

/** The same for the feed and for an export. */
const feedQuery = {
  type: subscription.optional().describe("A type, a family (`job.*`) or `*`."),
  since: timeQuery.describe("Taken on by a worker then or later."),
  until: timeQuery.describe("Taken on before."),
  id: z
    .string()
    .regex(EVENT_ID_PATTERN)
    .transform(asEventId)
    .optional()
    .describe("The one that has this id."),
};
const asked = z.object(feedQuery);

function filterOf(query: z.output<typeof asked>): Parameters<EventManagement["feed"]>[0] {
  const { type = null, since = null, until = null, id = null } = query;
  return { type, since, until, id };
}

export function addEventRecordRoutes(app: Api, events: EventManagement, exports: Exports): void {
  addExport(app, events, exports);
  app.get(
    "/api/v1/events",
    {
      serializerCompiler: () => eventsText,
      ...operation("read", TAG, "listEvents", "The feed of events, as webhooks bring them", {
        description:
          "Oldest first, `next` is null only where nothing has come since, or nothing can before `until`: keep it, and go on from it later. Newest first, it is null at the oldest event that is kept.",
        querystring: z.strictObject({
          ...pageQuery,
          ...feedQuery,
          order: z
            .enum(["oldest", "newest"])
            .default("oldest")
            .describe("The first of the list: `oldest` for whoever follows, `newest` for whoever looks."),
        }),
        response: { 200: eventPage },
      }),
    },
    async ({ hidesPayloads, query: { after = null, limit, order, ...query } }) => {
      const list = order === "newest" ? events.latest : events.feed;
      const { data, next } = await list(filterOf(query), { after, limit });
      return { data: hidesPayloads ? data.map(withoutData) : [...data], next };
    },
  );
  app.get(
    "/api/v1/events/:id",
    {
      serializerCompiler: () => eventText,
      ...operation("read", TAG, "getEvent", "One event, and the state of its deliveries", {
        params: idParams,
        response: { 200: wholeEventSchema },
      }),
    },
    async ({ hidesPayloads, params }) => {
      const { event, acceptedAt, deliveries } = await events.get(params.id);
      const { id, type, timestamp, data, legacy } = event;
      const whole = {
        ...{ id, type, timestamp, data },
        accepted_at: isoOf(acceptedAt),
        destinations: showDestinations(event),
        deliveries: { data: deliveries.data.map(showDelivery), next: deliveries.next },
        ...(legacy !== undefined && { legacy: { data: legacy.data } }),
      };
      return hidesPayloads ? withoutData(whole) : whole;
    },
  );
  addReplay(app, events);
}

function showDestinations({ destinations = [] }: PublishedEvent) {
  return destinations.map(({ url, events, profile, keyId }) =>
    inJson({ url: maskUrl(url), events: [...events], profile, keyId }),
  );
}

type ExportedEvent = Pick<PublishedEvent, "id" | "type" | "timestamp"> & { readonly data: string | null };

const EXPORTED: Exported<ExportedEvent> = {
  name: "events",
  columns: ["id", "type", "timestamp", "data"],
  cells: ({ id, type, timestamp, data }) => [id, type, timestamp, data],
  // As a text: the bytes that were published may have line breaks between them.
  json: ({ id, type, timestamp, data }) =>
    JSON.stringify({ id, type, timestamp, data_text: data, ...(data === null && { payload_hidden: true }) }),
};

function addExport(app: Api, events: EventManagement, exports: Exports): void {
  const summary = "All events that the feed has by now, as a file; their data as the text that was published";
  app.get(
    "/api/v1/events/export",
    exportOperation([TAG, "exportEvents", summary], z.strictObject({ ...exportQuery, ...feedQuery })),
    async (request, reply) => {
      const end = (await events.feedEnd()) ?? "";
      return await sendExport(request, reply, exports, EXPORTED, async (after) => {
        const { data, next } = await events.feed(filterOf(request.query), { after, limit: EXPORT_PAGE });
        const shown = request.hidesPayloads ? data.map((one) => ({ ...one, data: null })) : data;
        return { data: shown, next: next !== null && isBehind(next, end) ? next : null };
      });
    },
  );
}

function addReplay(app: Api, events: EventManagement): void {
  app.post(
    "/api/v1/events/:id/replay",
    operation("admin", TAG, "replayEvent", "Send an event again, to all it was owed to or to one endpoint", {
      params: idParams,
      querystring: z.strictObject({
        endpoint: z
          .string()
          .regex(ENDPOINT_ID_PATTERN)
          .optional()
          .describe("Only to this one, which need not have had it; to all when absent."),
      }),
      response: {
        202: replayedEvent,
      },
    }),
    async ({ params, query: { endpoint = null } }, reply) => {
      return reply.code(202).send(inJson(await events.replay(params.id, endpoint)));
    },
  );
}
