/**
 * Routes as they are built here: a route's schemas are zod's, which check what comes, type its handler and describe it
 * in the OpenAPI document; and it says who may call it. A route that does not say so is refused at start.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from "fastify";
import { validatorCompiler, type ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import type { Caller, Role } from "../core/access.ts";
import { asEndpointId } from "../core/brand.ts";
import { ENDPOINT_ID_PATTERN } from "../core/endpoint.ts";
import { EVENT_TYPE_MAX_LENGTH, EVENT_TYPE_PATTERN, SUBSCRIPTION_PATTERN } from "../core/event.ts";
import { CURSOR_MAX_CHARS } from "../core/page.ts";
import { unreadable } from "./read-json.ts";

export type Api = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** The role that may call a route; `anyone` needs no key, and a `sender` none either: what it sends is signed. */
export type Access = Role | "anyone" | "sender";

export const isKeyless = (access: Access): access is "anyone" | "sender" =>
  access === "anyone" || access === "sender";

declare module "fastify" {
  interface FastifyContextConfig {
    readonly access?: Access;
    /** Asked for again and again, by probes, scrapers and browsers for a page: of no interest in the log. */
    readonly isRoutine?: true;
    /** Somebody shows a key here: whoever it is, they count as a stranger. */
    readonly signsIn?: true;
    /** A session counts although anyone may call. */
    readonly showsCaller?: true;
    /** Goes on for as long as somebody reads it: how long that is says nothing about us. */
    readonly isStream?: true;
  }
  interface FastifyRequest {
    /** The caller whose key came with the request; null without a valid one. */
    caller: Caller | null;
    /** The session that came with the request, if only a session did; nobody has said yet that there is one. */
    sessionId: string | null;
    /** Is the caller one from whom payloads are kept? */
    hidesPayloads: boolean;
  }
}

/** Options of a route that is in the OpenAPI document: who may call it, and how it is named, described and checked. */
export function operation<Schema extends object>(
  access: Access,
  tag: string,
  operationId: string,
  summary: string,
  schema: Schema,
) {
  return { config: { access }, schema: { ...schema, tags: [tag], operationId, summary } };
}

/**
 * For routes that must see a body's text, because parsing and writing it again would lose bytes: it stays what came.
 * Its schema then only describes it; what else comes with the request is checked as everywhere.
 */
export function keepBodyText(app: Api): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, (_request, body, done) =>
    done(null, body),
  );
  app.setValidatorCompiler((part: Parameters<typeof validatorCompiler>[0]) =>
    part.httpPart === "body" ? (value: unknown) => ({ value }) : checkBySchema(part),
  );
}

const describedOnly = new WeakSet<object>();

/** A body's schema that describes and does not check: something that knows more reads what comes, and says more. */
export function onlyDescribing<Schema extends z.ZodType>(schema: Schema): Schema {
  describedOnly.add(schema);
  return schema;
}

/**
 * Checks a request by its route's schema. zod throws at an object with a `length` that cannot be compared where a text
 * belongs; that is the request's fault and none of ours.
 */
export const checkBySchema: typeof validatorCompiler = (part) => {
  if (describedOnly.has(part.schema)) return (value: unknown) => ({ value });
  const validate = validatorCompiler(part);
  return (value: unknown) => {
    try {
      return validate(value);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      return {
        error: unreadable("values of the types that the API describes", "an object that cannot be compared"),
      };
    }
  };
};

/** A request that succeeds as it stands: "Try it out" begins with it, and a test sends it. */
export function withExample<Schema extends z.ZodType>(schema: Schema, example: z.input<Schema>): Schema {
  return schema.meta({ example });
}

/** Every list takes these in its query. */
export const pageQuery = {
  after: z.string().max(CURSOR_MAX_CHARS).optional().describe("The `next` of the page before."),
  limit: z.coerce.number().int().min(1).max(100).default(20).describe("How many at the most."),
};

const SHOWN_YEAR = /^\d{4}-/;

/** A time in a query, as epoch ms. Its zone may lead into a year that no answer could show: five digits, or one before the first. */
export const timeQuery = z.iso
  .datetime({ offset: true })
  .transform((text) => Date.parse(text))
  .refine(
    (ms) => SHOWN_YEAR.test(new Date(ms).toISOString()),
    "expected a time that UTC has in the years 0000 to 9999",
  )
  .optional();

export const eventType = z.string().max(EVENT_TYPE_MAX_LENGTH).regex(EVENT_TYPE_PATTERN);

export const subscription = z
  .string()
  .regex(SUBSCRIPTION_PATTERN, "expected a type, a family such as job.*, or *");

export const endpointId = z.string().regex(ENDPOINT_ID_PATTERN).transform(asEndpointId);

/** `{ data, next }` of what a list holds. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({
    data: z.array(item),
    next: z.string().nullable().describe("Where the next page begins; null when there is none."),
  });
}

export const idParams = z.object({ id: z.string().min(1).max(200) });

/** Schemas of a route that takes an id in its path and answers 200. */
export const answersForId = <Answer extends z.ZodType>(answer: Answer) => ({
  params: idParams,
  response: { 200: answer },
});

/** A route that removes what has the id in its path, and has nothing to say of it. */
export function addRemoval(
  app: Api,
  path: string,
  [tag, operationId, summary]: readonly [tag: string, operationId: string, summary: string],
  remove: (id: string) => Promise<void>,
): void {
  const schema = { params: idParams, response: { 204: z.undefined() } };
  app.delete(path, operation("admin", tag, operationId, summary, schema), async ({ params }, reply) => {
    await remove(params.id);
    return reply.code(204).send();
  });
}
