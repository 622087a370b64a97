/**
 * Requests as they go out, held to the OpenAPI document that the repository has: its operation, the parameters of its query,
 * its body. Whoever makes them is not told.
 */
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { z } from "zod";
import { operationsOf, type Requested } from "./openapi.ts";
import { readRepositoryFile } from "./repository.ts";

export interface DescribedRequests extends Disposable {
  /** The operations that were asked for, each once. */
  readonly operations: () => readonly string[];
  /** Differences from the document, in words. */
  readonly problems: () => readonly string[];
}

/** Listens to `fetch` until it is disposed of. */
export function describedRequests(): DescribedRequests {
  const operations = operationsOf(JSON.parse(readRepositoryFile("docs/openapi.json")));
  const asked = new Set<string>();
  const problems: string[] = [];
  const { fetch } = globalThis;
  globalThis.fetch = (input, init) => {
    const { pathname, searchParams } = new URL(String(input));
    const method = init?.method ?? "GET";
    const operation = operations.find((one) => one.method === method && patternOf(one.path).test(pathname));
    if (operation === undefined) problems.push(`${method} ${pathname} is no operation`);
    else {
      asked.add(operation.id);
      const found = [
        ...queryProblems(operation.request, searchParams),
        ...bodyProblems(operation.request, init),
      ];
      problems.push(...found.map((problem) => `${operation.id}: ${problem}`));
    }
    return fetch(input, init);
  };
  return {
    operations: () => [...asked],
    problems: () => problems,
    [Symbol.dispose]: () => {
      globalThis.fetch = fetch;
    },
  };
}

const patternOf = (path: string): RegExp => new RegExp(`^${path.replace(/\{\w+\}/g, "[^/]+")}$`);

/** Of a query everything is text, and one of several may come alone. */
const queries = new Ajv2020({ strict: false, allErrors: true, coerceTypes: "array" });
const bodies = new Ajv2020({ strict: false, allErrors: true });
for (const ajv of [queries, bodies]) addFormats.default(ajv);

function queryProblems({ parameters }: Requested, query: URLSearchParams): readonly string[] {
  const described = parameters.filter((one) => one.in === "query");
  const schema = {
    type: "object",
    properties: Object.fromEntries(described.map((one) => [one.name, one.schema])),
    required: described.filter((one) => one.required).map(({ name }) => name),
    additionalProperties: false,
  };
  const values = [...new Set(query.keys())].map((name) => {
    const all = query.getAll(name);
    return [name, all.length > 1 ? all : all[0]] as const;
  });
  return queries.validate(schema, Object.fromEntries(values))
    ? []
    : [
        `query ${query}: ${queries.errorsText()} ${JSON.stringify(queries.errors?.map(({ params }) => params))}`,
      ];
}

function bodyProblems({ requestBody }: Requested, init: RequestInit | undefined): readonly string[] {
  const body = init?.body ?? null;
  if (body === null) return requestBody?.required === true ? ["no body"] : [];
  if (requestBody === undefined) return ["a body"];
  const value: unknown = JSON.parse(z.string().parse(body));
  const schema = requestBody.content["application/json"]?.schema ?? false;
  return bodies.validate(schema, value) ? [] : [`body ${body}: ${bodies.errorsText()}`];
}
