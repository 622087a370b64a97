/**
 * The API's description, made from its routes: OpenAPI 3.1 at /openapi.json and a readable page at /docs, which loads
 * nothing from elsewhere. The requests that receivers get are in it, too, as `webhooks`.
 */
import type { IncomingMessage } from "node:http";
import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import { jsonSchemaTransform } from "fastify-type-provider-zod";
import { z } from "zod";
import { catalogue } from "../catalogue/catalogue.ts";
import { jsonSchemaOf } from "../catalogue/json-schema.ts";
import { VERSION } from "../wire/version.ts";
import { basePathOf } from "./mount-place.ts";
import { isFileName, pathBelow } from "./paths.ts";
import { problemSchema } from "./problem.ts";
import { type Api, isKeyless } from "./routing.ts";
import { DOCS_POLICY } from "./security-headers.ts";

const REQUEST_ID = {
  description:
    "The `X-Request-ID` that came, where it is 1–128 letters, digits and `._~:+/=@-`, else a new one: in each log line of this request.",
  schema: { type: "string" },
} as const;

const PROBLEM_SCHEMA = jsonSchemaOf(problemSchema);

const DESCRIPTION = `Durable outbound webhooks. Send \`Authorization: Bearer <key>\`; every refusal is a problem document
(RFC 9457) with a stable \`code\`. Lists are pages: pass \`next\` as \`after\` to go on. An \`X-Request-ID\` that comes with a
request is answered and logged; without one, a new one is.`;

export function addDocs(app: Api): void {
  app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: { title: "Hookwave", version: VERSION, description: DESCRIPTION.replaceAll("\n", " ") },
      servers: [{ url: "/" }],
      security: [{ apiKey: [] }],
      components: {
        securitySchemes: { apiKey: { type: "http", scheme: "bearer" } },
        headers: { RequestId: REQUEST_ID },
      },
    },
    transform: (route) => {
      const { schema, url } = jsonSchemaTransform(route);
      const { body } = Object(schema);
      if (body !== undefined) {
        nameExample(body);
        if (mayBeAbsent(Object(route.schema).body)) Object.assign(body, { [OPTIONAL]: true });
      }
      const access = route.route.config?.access ?? "admin";
      return { url, schema: { ...schema, security: isKeyless(access) ? [] : [{ apiKey: [access] }] } };
    },
    transformObject: (input) => {
      if (!("openapiObject" in input)) return input.swaggerObject;
      const paths = input.openapiObject.paths ?? {};
      addToAllAnswers(paths);
      sayOptional(paths);
      // By its name: in full at each of 42 operations, it was much of what generators made.
      Object.assign(input.openapiObject.components ?? {}, { schemas: { Problem: PROBLEM_SCHEMA } });
      return { ...input.openapiObject, webhooks: webhooks() };
    },
  });
  app.register(async (docs: Api) => {
    docs.addHook("onRoute", (route) => {
      route.config = { ...route.config, access: "anyone", isRoutine: true };
    });
    docs.addHook("onRequest", async ({ raw, url }, reply) => {
      // Without a slash at the end the page looks for its files at the root, which is another program's then.
      if (raw.url !== undefined && basePathOf(raw) !== "" && /^\/docs(?:\?|$)/.test(url))
        return reply.redirect("docs/");
      const file = pathBelow("/docs/static/", url);
      if (file !== null && !isFileName(file)) reply.callNotFound();
    });
    docs.register(swaggerUi, {
      routePrefix: "/docs",
      staticCSP: DOCS_POLICY,
      theme: { title: "Hookwave: the HTTP API" },
      uiConfig: { filter: true, displayOperationId: true, displayRequestDuration: true },
      transformSpecification: (description, { raw }) => served(description, raw),
      transformSpecificationClone: false,
    });
    docs.get("/openapi.json", { schema: { hide: true } }, async ({ raw }) => served(docs.swagger(), raw));
  });
}

/** As it is served at this request's place. */
const served = (description: object, raw: IncomingMessage): object => {
  const base = basePathOf(raw);
  return base === "" ? description : { ...description, servers: [{ url: base }] };
};

const members = (of: object): readonly object[] =>
  Object.values(of).filter((member) => typeof member === "object" && member !== null);

/** On a body's schema, until the document is whole: there every body is said to be required. */
const OPTIONAL = "x-hookwave-optional";

const mayBeAbsent = (body: unknown): boolean =>
  body instanceof z.ZodType && body.safeParse(undefined).success;

function sayOptional(paths: object): void {
  for (const { requestBody } of members(paths).flatMap(members).map(Object)) {
    const { schema = {} } = requestBody?.content["application/json"] ?? {};
    if (!(OPTIONAL in schema)) continue;
    Reflect.deleteProperty(schema, OPTIONAL);
    requestBody.required = false;
  }
}

/** In the form that becomes the `example` of the body, beside its schema. zod leaves out `examples` where a value is read into another one. */
function nameExample(body: object): void {
  if (!("example" in body)) return;
  Object.assign(body, { examples: [body.example] });
  Reflect.deleteProperty(body, "example");
}

/** Any operation may answer with a problem, and whatever it answers has the request's id. */
function addToAllAnswers(paths: object): void {
  for (const path of members(paths)) {
    for (const operation of members(path)) {
      if (!("responses" in operation)) continue;
      const responses = Object.entries({ ...Object(operation.responses), default: PROBLEM });
      const withId = responses.map(([status, answer]) => [status, { ...Object(answer), headers: HEADERS }]);
      Reflect.set(operation, "responses", Object.fromEntries(withId));
    }
  }
}

const HEADERS = { "X-Request-ID": { $ref: "#/components/headers/RequestId" } };

const PROBLEM = {
  description: "Refused: a problem document (RFC 9457). docs/errors.md lists the codes.",
  content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
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
