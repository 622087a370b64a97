/** The JSON Schema (2020-12) of an event's data, as its producer may write it. */
import { z } from "zod";

export function jsonSchemaOf(schema: z.ZodType): z.core.JSONSchema.BaseSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: "input" });
  return rest;
}
