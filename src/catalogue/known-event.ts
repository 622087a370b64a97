/** One entry of the catalogue. Its example is checked by the compiler here and against the schema in a test. */
import type { z } from "zod";

/** `schema` is that of the event's data. It tolerates unknown fields and never transforms. */
export function known<Schema extends z.ZodType>(
  schema: Schema,
  description: string,
  example: z.input<Schema>,
) {
  return { schema, description, example } as const;
}
