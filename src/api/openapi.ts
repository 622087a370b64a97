/**
 * The API's description, made from its routes: OpenAPI 3.1 at /openapi.json and a readable page at /docs, which loads
 * nothing from elsewhere. The requests that receivers get are in it, too, as `webhooks`.
 */
import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import { jsonSchemaTransform } from "fastify-type-provider-zod";
import { catalogue } from "../catalogue/catalogue.ts";
import { jsonSchemaOf } from "../catalogue/json-schema.ts";
import { VERSION } from "../wire/version.ts";
import { problemSchema } from "./problem.ts";
import type { Api } from "./routing.ts";

const DESCRIPTION = `Durable outbound webhooks. Send \`Authorization: Bearer <key>\`; every refusal is a problem document
(RFC 9457) with a stable \`code\`. Lists are pages: pass \`next\` as \`after\` to go on.`;

export function addDocs(app: Api): void {
  app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: { title: "Hookwave", version: VERSION, description: DESCRIPTION.replace("\n", " ") },
      servers: [{ url: "/" }],
      security: [{ apiKey: [] }],
      components: { securitySchemes: { apiKey: { type: "http", scheme: "bearer" } } },
    },
    transform: (route) => {
      const { schema, url } = jsonSchemaTransform(route);
      const access = route.route.config?.access ?? "admin";
      return { url, schema: { ...schema, security: access === "anyone" ? [] : [{ apiKey: [access] }] } };
    },
    transformObject: (input) => {
      if (!("openapiObject" in input)) return input.swaggerObject;
      addProblems(input.openapiObject.paths ?? {});
      return { ...input.openapiObject, webhooks: webhooks() };
    },
  });
  app.register(async (docs: Api) => {
    docs.addHook("onRoute", (route) => {
      route.config = { ...route.config, access: "anyone" };
    });
    docs.register(swaggerUi, { routePrefix: "/docs", staticCSP: true });
    docs.get("/openapi.json", { schema: { hide: true } }, async () => docs.swagger());
  });
}

const members = (of: object): readonly object[] =>
  Object.values(of).filter((member) => typeof member === "object" && member !== null);

/** Any operation may answer with a problem. */
function addProblems(paths: object): void {
  for (const path of members(paths)) {
    for (const operation of members(path)) {
      if ("responses" in operation)
        Reflect.set(operation, "responses", { ...Object(operation.responses), default: PROBLEM });
    }
  }
}

const PROBLEM = {
  description: "Refused: a problem document (RFC 9457). docs/errors.md lists the codes.",
  content: { "application/problem+json": { schema: jsonSchemaOf(problemSchema) } },
};

/** Requests that receivers get, in the profile `standard`: one for each known type. */
function webhooks(): Readonly<Record<string, object>> {
  return Object.fromEntries(
    Object.entries(catalogue).map(([type, { description, schema, example }]) => [
      type,
      {
        post: {
          operationId: `receive_${type.replaceAll(".", "_")}`,
          summary: description,
          security: [],
          parameters: WEBHOOK_HEADERS,
          requestBody: {
            required: true,
            content: {
              "application/json": {
                schema: {
                  type: "object",
                  required: ["type", "timestamp", "data"],
                  properties: {
                    type: { const: type },
                    timestamp: { type: "string", format: "date-time" },
                    data: jsonSchemaOf(schema),
                  },
                },
                example: { type, timestamp: "2026-01-31T12:00:00Z", data: example },
              },
            },
          },
          responses: { "2XX": { description: "Delivered. Anything else is tried again." } },
        },
      },
    ]),
  );
}

const WEBHOOK_HEADERS = [
  ["webhook-id", "The event's id, the same on every copy."],
  ["webhook-timestamp", "Unix seconds of this attempt."],
  ["webhook-signature", "`v1,` and the base64 HMAC-SHA256 of `id.timestamp.body`; one per live secret."],
].map(([name = "", description = ""]) => ({
  name,
  description,
  in: "header",
  required: true,
  schema: { type: "string" },
}));
