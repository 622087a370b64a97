/** One entry of the catalogue. Its example is checked by the compiler here and against the schema in a test. */
import type { z } from "zod";

export interface KnownEvent<Schema extends z.ZodType> {
  /** Of the event's data. It tolerates unknown fields and never transforms. */
  readonly schema: Schema;
  readonly description: string;
  readonly example: z.input<Schema>;
}

export function known<Schema extends z.ZodType>(
  schema: Schema,
  description: string,
  example: z.input<Schema>,
): KnownEvent<Schema> {
  return { schema, description, example };
}
