/**
 * The API's description as generators of clients get it: without the requests that receivers get, and for Go without words
 * and with those operations only that programs call, since what is made of it is kept in the repository.
 */
import { createHash } from "node:crypto";

/** A program publishes, and looks what became of it; what else there is can be generated where it is wanted. */
export const GO_OPERATIONS: readonly string[] = [
  ...["publishEvents", "listEvents", "getEvent"],
  ...["listDeliveries", "listWebhooks", "listWebhookLogs"],
];

export function documentForClients(document: object): object {
  const { webhooks: _, ...rest } = Object(document);
  return rest;
}

/** It is the same for as long as no name, type or operation is another: a sentence that changes makes no new client. */
export function documentForGo(document: object): object {
  const { openapi, paths, components } = Object(wordless(documentForClients(document)));
  const asked = Object.entries(paths).flatMap(([path, methods]) => {
    const some = Object.entries(Object(methods)).filter(([, one]) =>
      GO_OPERATIONS.includes(Object(one).operationId),
    );
    return some.length === 0 ? [] : [[path, Object.fromEntries(some)] as const];
  });
  return { openapi, info: { title: "Hookwave", version: "1" }, paths: Object.fromEntries(asked), components };
}

export const digestOf = (document: object): string =>
  createHash("sha256").update(JSON.stringify(document)).digest("hex");

const WORDS: ReadonlySet<string> = new Set(["summary", "example", "examples", "pattern"]);

/** Members of `properties` are names of fields, of which one is `description`. An answer has to have one, if an empty one. */
function wordless(value: unknown, areFields = false): unknown {
  if (Array.isArray(value)) return value.map((one) => wordless(one));
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(([name]) => areFields || !WORDS.has(name));
  return Object.fromEntries(
    kept.map(([name, inside]) => {
      const isText = name === "description" && typeof inside === "string";
      return [name, isText ? "" : wordless(inside, name === "properties")];
    }),
  );
}
