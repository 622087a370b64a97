/** Deliveries over HTTP: which there are, what was tried of one, and trying it now or not any more. */
import { z } from "zod";
import { asEventId } from "../../core/brand.ts";
import { DELIVERY_STATUSES } from "../../core/delivery.ts";
import { EVENT_ID_PATTERN } from "../../core/event.ts";
import type { DeliveryManagement } from "../../manage/deliveries.ts";
import { withoutExcerpts } from "../payloads.ts";
import { type Api, answersForId, endpointId, operation, pageOf, pageQuery, timeQuery } from "../routing.ts";
import { deliverySchema, showDelivery, showWholeDelivery, wholeDeliverySchema } from "../shown-delivery.ts";

const TAG = "Deliveries";

const listQuery = z.strictObject({
  ...pageQuery,
  event: z.string().regex(EVENT_ID_PATTERN).transform(asEventId).optional().describe("Of this event."),
  endpoint: endpointId.optional().describe("To this endpoint."),
  status: z.enum(DELIVERY_STATUSES).optional(),
  since: timeQuery.describe("Created then or later."),
  until: timeQuery.describe("Created before."),
});

export function addDeliveryRoutes(app: Api, deliveries: DeliveryManagement): void {
  app.get(
    "/api/v1/deliveries",
    operation("read", TAG, "listDeliveries", "List deliveries, those of the newest events first", {
      querystring: listQuery,
      response: { 200: pageOf(deliverySchema) },
    }),
    async ({ query }) => {
      const { after = null, limit, event = null, endpoint = null } = query;
      const { status = null, since = null, until = null } = query;
      const filter = { eventId: event, endpointId: endpoint, status, since, until };
      const { data, next } = await deliveries.list(filter, { after, limit });
      return { data: data.map(showDelivery), next };
    },
  );
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
