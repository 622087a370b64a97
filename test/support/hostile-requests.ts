/**
 * Requests that nobody means, made from the API's own description: of each operation, what it asks for with some of it
 * wrong, and anything else. What is right is right by name: ids that exist, URLs that may be called, types, times.
 */
import fc from "fast-check";
import { z } from "zod";
import { damaged, hostileText, json, name } from "./hostile.ts";
import type { RawRequest } from "./raw-request.ts";

const documentSchema = z.looseObject({
  paths: z.record(z.string(), z.record(z.string(), z.looseObject({ operationId: z.string() }))),
});
const parameterSchema = z.looseObject({ name: z.string(), in: z.string(), schema: z.unknown() });
const partsSchema = z.looseObject({
  parameters: z.array(parameterSchema).default([]),
  requestBody: z
    .looseObject({ content: z.looseObject({ "application/json": z.looseObject({ schema: z.unknown() }) }) })
    .optional(),
});
const nodeSchema = z.looseObject({
  type: z.union([z.string(), z.array(z.string())]).optional(),
  enum: z.array(z.unknown()).optional(),
  const: z.unknown().optional(),
  anyOf: z.array(z.unknown()).optional(),
  items: z.unknown().optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
});

export interface Case {
  readonly operation: string;
  readonly request: RawRequest;
}

/** Values that are right where this name stands, as JSON. */
export type Known = Readonly<Record<string, readonly unknown[]>>;

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
const JSON_TYPE = "application/json";

/** By operation, its requests; a path in `others` is asked for with GET. */
export function hostileRequests(
  document: unknown,
  others: readonly string[],
  known: Known,
): ReadonlyMap<string, fc.Arbitrary<Case>> {
  const described = Object.entries(documentSchema.parse(document).paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, fc.Arbitrary<Case>] => [
      operation.operationId,
      casesOf(operation.operationId, method.toUpperCase(), path, partsSchema.parse(operation), known),
    ]),
  );
  const bare = others.map((path): [string, fc.Arbitrary<Case>] => [
    path,
    casesOf(path, "GET", path, { parameters: [] }, known),
  ]);
  return new Map([...described, ...bare]);
}

function casesOf(
  operation: string,
  method: string,
  path: string,
  { parameters, requestBody }: z.output<typeof partsSchema>,
  known: Known,
): fc.Arbitrary<Case> {
  const bodySchema = requestBody?.content[JSON_TYPE].schema;
  const body = bodySchema === undefined ? fc.constant(undefined) : bodyOf(bodySchema, known);
  const inQuery = parameters.filter((one) => one.in === "query");
  return fc
    .record({
      method: rarely(fc.constantFrom(...METHODS), fc.constant(method)),
      id: rarely(hostileId, fc.constantFrom(...idsFor(operation, known))),
      query: queryOf(inQuery, known),
      headers: headersFor(known),
      body: rarely(fc.option(hostileText(["{}"]), { nil: undefined }), body),
      type: rarely(
        fc.constantFrom("text/plain", "application/json; charset=utf-16", "nonsense", ""),
        fc.constant(JSON_TYPE),
      ),
    })
    .map(({ id, query, headers, type, ...rest }) => ({
      operation,
      request: {
        ...rest,
        path: `${path.replace("{id}", id)}${query}`,
        headers: rest.body === undefined ? headers : [["content-type", type], ...headers],
      },
    }));
}

/** `wrong` once in a while. */
const rarely = <Value>(wrong: fc.Arbitrary<Value>, right: fc.Arbitrary<Value>): fc.Arbitrary<Value> =>
  fc.oneof({ arbitrary: right, weight: 12 }, { arbitrary: wrong, weight: 1 });

/** This text once in a while, else none. */
const seldom = (text: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.oneof({ arbitrary: fc.constant(""), weight: 6 }, { arbitrary: text, weight: 1 });

const idsFor = (operation: string, known: Known): readonly string[] =>
  (known[operation] ?? known["id"] ?? []).map(String);

const STRANGE = [
  "wait",
  "meta",
  "marker",
  "..",
  "../..",
  "%2e%2e",
  "%00",
  "static/%00",
  "static/%5c",
  "static/..%2f",
  "%zz",
  "\u{1f47b}",
  "x".repeat(2_000),
];
const strangeText = fc.oneof(fc.constantFrom(...STRANGE), name, fc.string({ unit: "binary", maxLength: 40 }));
const encoded = (text: string): string => encodeURIComponent(text.toWellFormed());
/** Text that an HTTP client lets through as it stands. */
const raw = (text: string): string => text.replace(/[^!-~]/g, "%").replaceAll("#", "%23");
const hostileId = fc.oneof(strangeText.map(encoded), strangeText.map(raw));

function queryOf(
  parameters: readonly z.output<typeof parameterSchema>[],
  known: Known,
): fc.Arbitrary<string> {
  const described = parameters.map((one) =>
    seldom(jsonOf(one.schema, known, one.name).map((text) => `${one.name}=${encoded(plain(text))}`)),
  );
  const stranger = fc.tuple(strangeText, strangeText).map(([key, value]) => `${encoded(key)}=${raw(value)}`);
  return rarely(
    fc.array(stranger, { maxLength: 3 }).map((some) => `?${some.join("&")}`),
    fc.tuple(...described).map((some) => `?${some.filter((one) => one !== "").join("&")}`),
  );
}

/** Of a JSON text that is a string, the string. */
const plain = (text: string): string => (text.startsWith('"') ? String(JSON.parse(text)) : text);

const headerText = fc
  .string({ unit: "binary", maxLength: 60 })
  .map((text) => text.replace(/[^ -~\u00a0-\u00ff]/g, "?"));

function headersFor(known: Known): fc.Arbitrary<RawRequest["headers"]> {
  const [token = ""] = known["authorization"] ?? [];
  const right: readonly (readonly [string, string])[] = [["authorization", String(token)]];
  const names = fc.constantFrom(
    "authorization",
    "accept",
    "idempotency-key",
    "if-match",
    "origin",
    "sec-fetch-site",
    "content-encoding",
    "__proto__",
    "constructor",
  );
  const strange = fc.array(fc.tuple(names, rarely(fc.constant("evt_1"), headerText)), { maxLength: 3 });
  return rarely(
    strange,
    rarely(
      strange.map((some) => [...right, ...some]),
      fc.constant(right),
    ),
  );
}

function bodyOf(schema: unknown, known: Known): fc.Arbitrary<string> {
  const right = jsonOf(schema, known, "");
  return fc.oneof(
    { arbitrary: right, weight: 8 },
    { arbitrary: right.chain((text) => damaged([text])), weight: 2 },
    { arbitrary: json, weight: 1 },
  );
}

/** JSON text as the schema wants it, with here and there anything else in its place. */
function jsonOf(schema: unknown, known: Known, at: string): fc.Arbitrary<string> {
  const right = rightTextOf(schema, known, at);
  return fc.oneof({ arbitrary: right, weight: 30 }, { arbitrary: json, weight: 1 });
}

function rightTextOf(schema: unknown, known: Known, at: string): fc.Arbitrary<string> {
  const node = nodeSchema.safeParse(schema).data ?? {};
  const values = known[at] ?? node.enum;
  if (values !== undefined && node.type !== "array")
    return fc.constantFrom(...values).map((value) => JSON.stringify(value));
  if (node.anyOf !== undefined) return fc.oneof(...node.anyOf.map((one) => jsonOf(one, known, at)));
  if (node.properties !== undefined) return objectOf(node.properties, known);
  const types = [node.type ?? "unknown"].flat();
  return fc.oneof(...types.map((type) => ofType(type, node, known, at)));
}

function ofType(
  type: string,
  { items, minimum, maximum }: z.output<typeof nodeSchema>,
  known: Known,
  at: string,
): fc.Arbitrary<string> {
  switch (type) {
    case "array":
      return fc
        .array(jsonOf(items, known, at), { minLength: 1, maxLength: 3 })
        .map((some) => `[${some.join(",")}]`);
    case "boolean":
      return fc.boolean().map(String);
    case "integer":
    case "number":
      return fc.integer({ min: Number(minimum ?? 0), max: Number(maximum ?? 100) }).map(String);
    case "null":
      return fc.constant("null");
    case "string":
      return fc.string({ unit: "binary", maxLength: 20 }).map((text) => JSON.stringify(text));
    default:
      return json;
  }
}

const NEEDED: ReadonlySet<string> = new Set([
  "url",
  "type",
  "data",
  "confirm_count",
  "filter",
  "name",
  "roles",
]);

function objectOf(properties: Readonly<Record<string, unknown>>, known: Known): fc.Arbitrary<string> {
  const members = Object.entries(properties).map(([key, schema]) => {
    const member = jsonOf(schema, known, key).map((text) => `${JSON.stringify(key)}:${text}`);
    return NEEDED.has(key) ? member : seldom(member);
  });
  const stranger = fc.tuple(name, json).map(([key, text]) => `${JSON.stringify(key)}:${text}`);
  return fc
    .tuple(rarely(stranger, fc.constant("")), ...members)
    .map((texts) => `{${texts.filter((text) => text !== "").join(",")}}`);
}
