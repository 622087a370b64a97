/**
 * Event types that are known by name, with the JSON Schema of their data and an example. Others may be published, too.
 */
import { z } from "zod";
import { catalogue } from "../../catalogue/catalogue.ts";
import { jsonSchemaOf } from "../../catalogue/json-schema.ts";
import { type Api, operation, pageOf } from "../routing.ts";

const eventType = z.object({
  type: z.string(),
  description: z.string(),
  schema: z.looseObject({}).describe("JSON Schema (2020-12) of the event's data."),
  example: z.looseObject({}),
});

export const eventTypePage = pageOf(eventType);

export function addEventTypeRoutes(app: Api): void {
  const types = Object.entries(catalogue).map(([type, { description, schema, example }]) => ({
    type,
    description,
    schema: jsonSchemaOf(schema),
    example,
  }));
  app.get(
    "/api/v1/event-types",
    operation("read", "Events", "listEventTypes", "List the known event types", {
      response: { 200: eventTypePage },
    }),
    async () => ({ data: types, next: null }),
  );
}
