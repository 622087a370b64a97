/**
 * An API that is held to its own description: each call names an operation of the OpenAPI document, and its answer is
 * checked against the schema that the document has for it.
 */
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { type Api, ask } from "./api.ts";
import { type Operation, operationsOf } from "./openapi.ts";
import { until } from "./until.ts";

export interface Asked {
  /** For the `{name}` parts of the path. */
  readonly in?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface DescribedApi {
  /** Resolves with the answer's body; rejects when it is not what the document says. */
  readonly call: (operationId: string, asked?: Asked) => Promise<Readonly<Record<string, unknown>>>;
  /** Operations that nobody has called. */
  readonly uncalled: () => readonly string[];
}

/** `token` is a key that may do everything. */
export async function describedApi(api: Api, token: string): Promise<DescribedApi> {
  const { body: document } = await ask(`${api.url}/openapi.json`);
  const operations = new Map(operationsOf(document).map((operation) => [operation.id, operation]));
  const called = new Set<string>();
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  return {
    call: async (operationId, asked = {}) => {
      const operation = operations.get(operationId);
      if (operation === undefined) throw new Error(`the document has no operation ${operationId}`);
      // Where a busy machine keeps Redis waiting a client is told to ask again, and does.
      const answer = await until(`${operationId} is answered`, async () => {
        const given = await ask(urlOf(api, operation, asked), requestOf(operation, asked, token));
        return given.status !== 503 && given;
      });
      const type = (answer.headers.get("content-type") ?? "").split(";", 1)[0] ?? "";
      const schema = schemaOf(operation, answer.status, type);
      if (answer.status >= 400)
        throw new Error(`${operationId}: ${answer.status} ${JSON.stringify(answer.body)}`);
      if (schema !== null && !ajv.validate(schema, answer.body))
        throw new Error(
          `${operationId}: ${ajv.errorsText()} in ${JSON.stringify(answer.body).slice(0, 2_000)}`,
        );
      called.add(operationId);
      return Object(answer.body);
    },
    uncalled: () => [...operations.keys()].filter((id) => !called.has(id)),
  };
}

function urlOf(api: Api, { path }: Operation, asked: Asked): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(asked.in?.[name] ?? ""));
  return `${api.url}${filled}?${new URLSearchParams(asked.query)}`;
}

function requestOf({ method }: Operation, { body }: Asked, token: string): RequestInit {
  const authorization = `Bearer ${token}`;
  if (body === undefined) return { method, headers: { authorization } };
  const headers = { authorization, "content-type": "application/json" };
  return { method, headers, body: JSON.stringify(body) };
}

/** Null where the document says that there is no body. */
function schemaOf({ id, responses }: Operation, status: number, type: string): object | null {
  const described = responses[String(status)];
  if (described === undefined) throw new Error(`${id}: ${status} is not in the document`);
  const content: unknown = described.content?.[type];
  if (typeof content === "object" && content !== null && "schema" in content) return Object(content.schema);
  if (type === "" && described.content === undefined) return null;
  throw new Error(`${id}: ${status} with ${type || "no body"} is not in the document`);
}
