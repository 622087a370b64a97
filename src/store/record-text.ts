/**
 * Reads a record's text out of Redis. What was damaged, or written by a version that knows more, must not hide the
 * records beside it, nor stop the work that only wanted to look: whoever reads says what stands in its place.
 */
import type { z } from "zod";
import { isJsonText } from "../core/json-text.ts";

/** Null for text that is no such record. */
export function readText<Schema extends z.ZodType>(schema: Schema, text: string): z.output<Schema> | null {
  return isJsonText(text) ? (schema.safeParse(JSON.parse(text)).data ?? null) : null;
}
