/**
 * How a delivery lies in a job of the deliveries queue, and a dead letter in its own. Both carry the whole
 * event, so that nothing which expires is needed to try again.
 */
import { z } from "zod";
import { asEndpointId, asEventId } from "../core/brand.ts";
import type { DeadLetter, Delivery } from "../core/delivery.ts";
import { isJsonText } from "../core/json-text.ts";
import { OUTCOME_KINDS } from "../core/outcome.ts";
import { BURY_REASONS } from "../core/verdict.ts";

export const DELIVERY_JOB_VERSION = 1;

const deliverySchema = z.object({
  event: z.object({
    id: z.string().transform(asEventId),
    type: z.string(),
    timestamp: z.string(),
    data: z.string(),
  }),
  endpointId: z.string().transform(asEndpointId),
  destination: z
    .object({
      url: z.string(),
      events: z.array(z.string()),
      profile: z.string().nullable(),
      keyId: z.string(),
    })
    .exactOptional(),
  acceptedAt: z.number(),
  attempts: z.array(
    z.object({
      attemptNumber: z.number(),
      startedAt: z.string(),
      durationMs: z.number(),
      outcome: z.enum(OUTCOME_KINDS),
      status: z.number().nullable(),
      reason: z.string().nullable(),
    }),
  ),
  round: z.number(),
  heldSince: z.number().nullable(),
});

const deliveryJobSchema = z.object({ v: z.number(), delivery: z.unknown() });

const deadLetterSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("delivery"),
    delivery: deliverySchema,
    because: z.enum(BURY_REASONS),
    buriedAt: z.string(),
  }),
  z.object({
    kind: z.literal("job"),
    jobId: z.string(),
    addedAt: z.number(),
    text: z.string(),
    problem: z.string(),
    because: z.enum(["invalid", "poison"]),
    buriedAt: z.string(),
  }),
]);

export type ReadDelivery =
  | { readonly kind: "delivery"; readonly delivery: Delivery }
  | { readonly kind: "unreadable"; readonly problem: string }
  | { readonly kind: "newer"; readonly version: number };

export interface DeliveryJob {
  readonly v: typeof DELIVERY_JOB_VERSION;
  readonly delivery: Delivery;
}

export function deliveryJob(delivery: Delivery): DeliveryJob {
  return { v: DELIVERY_JOB_VERSION, delivery };
}

export function readDeliveryJob(text: string): ReadDelivery {
  // The parser's own message quotes what it read, which may be anything.
  if (!isJsonText(text)) return { kind: "unreadable", problem: "the job's data is not JSON" };
  try {
    const { v, delivery } = deliveryJobSchema.parse(JSON.parse(text));
    if (v > DELIVERY_JOB_VERSION) return { kind: "newer", version: v };
    return { kind: "delivery", delivery: deliverySchema.parse(delivery) };
  } catch (error) {
    return {
      kind: "unreadable",
      problem: error instanceof Error ? error.message.slice(0, 500) : "not a delivery",
    };
  }
}

/** Throws on anything that is no dead letter of ours. */
export function readDeadLetter(value: unknown): DeadLetter {
  return deadLetterSchema.parse(value);
}
