/**
 * Schemas of what is stored in more than one place, so that a shape is read back by the same rule from a job, a dead
 * letter and a record. Each room's own records have their schemas there.
 */
import { z } from "zod";
import { asEventId } from "./brand.ts";
import { OUTCOME_KINDS } from "./outcome.ts";

export const pastAttemptSchema = z.object({
  attemptNumber: z.number(),
  startedAt: z.string(),
  durationMs: z.number(),
  outcome: z.enum(OUTCOME_KINDS),
  status: z.number().nullable(),
  reason: z.string().nullable(),
});

export const destinationSchema = z.object({
  url: z.string(),
  events: z.array(z.string()),
  profile: z.string().nullable(),
  keyId: z.string(),
});

export const legacySchema = z.object({
  data: z.string().exactOptional(),
  isWritten: z.literal(true).exactOptional(),
});

/** An event as it was published. */
export const publishedEventSchema = z.object({
  id: z.string().transform(asEventId),
  type: z.string(),
  timestamp: z.string(),
  data: z.string(),
  destinations: z.array(destinationSchema).exactOptional(),
  legacy: legacySchema.exactOptional(),
});

/** A text that was not read: nobody can, or a newer version has written it. */
export type Unread =
  | { readonly kind: "unreadable"; readonly problem: string }
  | { readonly kind: "newer"; readonly version: number };
