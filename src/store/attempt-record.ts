/** The record of an attempt, read back from the streams that the attempt log writes. */
import { z } from "zod";
import type { AttemptRecord } from "../core/attempt.ts";
import { asDeliveryId, asEndpointId, asEventId } from "../core/brand.ts";
import { PROFILE_NAMES } from "../core/endpoint.ts";
import { pastAttemptSchema } from "../core/stored.ts";
import { BURY_REASONS } from "../core/verdict.ts";
import { readText } from "./record-text.ts";

const recordSchema = z.object({
  ...pastAttemptSchema.shape,
  attemptId: z.string(),
  deliveryId: z.string().transform(asDeliveryId),
  eventId: z.string().transform(asEventId),
  eventType: z.string(),
  endpointId: z.string().transform(asEndpointId),
  profile: z.enum(PROFILE_NAMES),
  round: z.number(),
  bodyBytes: z.number(),
  verdict: z.enum(["complete", "retry", "bury"]),
  nextInMs: z.number().nullable(),
  because: z.enum(BURY_REASONS).nullable(),
  traceparent: z.string().nullable().default(null),
});

/** Null for a text that is none. */
export const readRecord = (text: string): AttemptRecord | null => readText(recordSchema, text);
