/** One entry of the catalogue. Its example is checked by the compiler here and against the schema in a test. */
import type { z } from "zod";

/**
 * `schema` is that of the event's data. It tolerates unknown fields and never transforms. `custom` has the forms of it that
 * are usual, and without which its receivers take it all the same (decision 40).
 */
export function known<Schema extends z.ZodType>(
  schema: Schema,
  description: string,
  example: z.input<Schema>,
  custom: z.ZodType | null = null,
) {
  return { schema, description, example, custom } as const;
}
