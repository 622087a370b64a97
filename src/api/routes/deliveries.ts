/** Deliveries over HTTP: which there are, what was tried of one, and trying it now or not any more. */
import { z } from "zod";
import { asEventId } from "../../core/brand.ts";
import { DELIVERY_STATUSES } from "../../core/delivery.ts";
import { EVENT_ID_PATTERN } from "../../core/event.ts";
import type { DeliveryManagement } from "../../manage/deliveries.ts";
import {
  EXPORT_PAGE,
  type Exported,
  type Exports,
  exportOperation,
  exportQuery,
  sendExport,
} from "../exports.ts";
import { withoutExcerpts } from "../payloads.ts";
import {
  type Api,
  answersForId,
  endpointId,
  operation,
  pageOf,
  pageQuery,
  subscription,
  timeQuery,
} from "../routing.ts";
import {
  type DeliveryInJson,
  deliverySchema,
  showDelivery,
  showWholeDelivery,
  wholeDeliverySchema,
} from "../shown-delivery.ts";

const TAG = "Deliveries";

/** The same for a list and for an export. */
const deliveryQuery = {
  event: z.string().regex(EVENT_ID_PATTERN).transform(asEventId).optional().describe("Of this event."),
  endpoint: endpointId.optional().describe("To this endpoint."),
  status: z.enum(DELIVERY_STATUSES).optional(),
  since: timeQuery.describe("Created then or later."),
  type: subscription.optional().describe("Of events of a type, a family (`job.*`) or `*`."),
  until: timeQuery.describe("Created before."),
};
const asked = z.object(deliveryQuery);

function filterOf(query: z.output<typeof asked>): Parameters<DeliveryManagement["list"]>[0] {
  const { event = null, endpoint = null, status = null, since = null, until = null, type = null } = query;
  return { eventId: event, endpointId: endpoint, status, since, until, type };
}

export function addDeliveryRoutes(app: Api, deliveries: DeliveryManagement, exports: Exports): void {
  app.get(
    "/api/v1/deliveries",
    operation("read", TAG, "listDeliveries", "List deliveries, those of the newest events first", {
      querystring: z.strictObject({ ...pageQuery, ...deliveryQuery }),
      response: { 200: pageOf(deliverySchema) },
    }),
    async ({ query: { after = null, limit, ...query } }) => {
      const { data, next } = await deliveries.list(filterOf(query), { after, limit });
      return { data: data.map(showDelivery), next };
    },
  );
  addExport(app, deliveries, exports);
  const shown = answersForId(wholeDeliverySchema);
  const show = async (id: string) => showWholeDelivery(await deliveries.get(id));
  app.get(
    "/api/v1/deliveries/:id",
    operation("read", TAG, "getDelivery", "One delivery, with every attempt of its round", shown),
    async ({ hidesPayloads, params }) => {
      const delivery = await show(params.id);
      return hidesPayloads ? withoutExcerpts(delivery) : delivery;
    },
  );
  app.post(
    "/api/v1/deliveries/:id/retry",
    operation("admin", TAG, "retryDelivery", "Try a delivery now that waits or was buried", shown),
    async ({ params }) => {
      await deliveries.retry(params.id);
      return show(params.id);
    },
  );
  app.post(
    "/api/v1/deliveries/:id/cancel",
    operation("admin", TAG, "cancelDelivery", "Try a delivery that waits no more", shown),
    async ({ params }) => {
      await deliveries.cancel(params.id);
      return show(params.id);
    },
  );
}

const EXPORTED: Exported<DeliveryInJson> = {
  name: "deliveries",
  columns: [
    ...["id", "event_id", "event_type", "endpoint_id", "status", "reason", "round", "attempt_count"],
    ...["last_started_at", "last_duration_ms", "last_outcome", "last_status", "last_reason"],
    ...["next_attempt_at", "created_at"],
  ],
  cells: ({ last_attempt: last, ...row }) => [
    ...[row.id, row.event_id, row.event_type, row.endpoint_id, row.status, row.reason],
    ...[row.round, row.attempt_count],
    ...[last?.started_at ?? null, last?.duration_ms ?? null, last?.outcome ?? null],
    ...[last?.status ?? null, last?.reason ?? null, row.next_attempt_at, row.created_at],
  ],
  json: (row) => JSON.stringify(deliverySchema.parse(row)),
};

function addExport(app: Api, deliveries: DeliveryManagement, exports: Exports): void {
  const summary = "All deliveries that a list would have, as a file";
  app.get(
    "/api/v1/deliveries/export",
    exportOperation([TAG, "exportDeliveries", summary], z.strictObject({ ...exportQuery, ...deliveryQuery })),
    async (request, reply) =>
      await sendExport(request, reply, exports, EXPORTED, async (after) => {
        const { data, next } = await deliveries.list(filterOf(request.query), { after, limit: EXPORT_PAGE });
        return { data: data.map(showDelivery), next };
      }),
  );
}
