/**
 * The catalogue's types for a package that has no zod: written from the JSON Schema of each event's data. A test
 * compiles them beside the types that zod infers, and finds both the same.
 */
import { z } from "zod";
import { catalogue } from "../src/catalogue/catalogue.ts";
import { jsonSchemaOf } from "../src/catalogue/json-schema.ts";

const scalar = z.enum(["string", "number", "boolean", "null"]);

/** What the catalogue uses of JSON Schema; anything else is refused rather than guessed. */
const schemaNode = z.strictObject({
  type: z.union([scalar, z.literal("object"), z.array(scalar)]).optional(),
  const: z.string().optional(),
  enum: z.array(z.union([z.string(), z.number()])).optional(),
  anyOf: z.array(z.unknown()).optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  required: z.array(z.string()).optional(),
  additionalProperties: z.unknown().optional(),
  propertyNames: z.unknown().optional(),
  pattern: z.string().optional(),
  format: z.string().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
});

type SchemaNode = z.output<typeof schemaNode>;

/** A declaration file: the names and what they mean, without a library. */
export function eventDataDeclarations(): string {
  const members = Object.entries(catalogue).map(
    ([type, { schema, description }]) =>
      `  /** ${description} */\n  readonly ${JSON.stringify(type)}: ${typeOf(jsonSchemaOf(schema))};`,
  );
  return `/** The event types that are known by name, and what their data is. */
interface KnownData {
${members.join("\n")}
}

export type KnownEventType = keyof KnownData;

type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;

export interface JsonObject {
  readonly [member: string]: JsonValue | undefined;
}

export type EventData<Type extends string> = Type extends KnownEventType ? KnownData[Type] : JsonObject;
`;
}

function typeOf(schema: unknown): string {
  const node = schemaNode.parse(schema);
  if (node.anyOf !== undefined) return node.anyOf.map(typeOf).join(" | ");
  if (node.const !== undefined) return JSON.stringify(node.const);
  if (node.enum !== undefined) return node.enum.map((one) => JSON.stringify(one)).join(" | ");
  if (node.type === "object") return objectTypeOf(node);
  return [node.type ?? "unknown"].flat().join(" | ");
}

function objectTypeOf({ properties = {}, required = [], additionalProperties }: SchemaNode): string {
  const members = Object.entries(properties).map(([name, schema]) =>
    required.includes(name) ? `${name}: ${typeOf(schema)};` : `${name}?: ${typeOf(schema)} | undefined;`,
  );
  const rest =
    additionalProperties === undefined ? [] : [`[member: string]: ${typeOf(additionalProperties)};`];
  return `{ ${[...members, ...rest].join(" ")} }`;
}
