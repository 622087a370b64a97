/**
 * A delivery as a job of the deliveries queue, and a dead letter as one of its own. Both carry the whole event, so that
 * nothing which expires is needed to try again.
 */
import { z } from "zod";
import { asEndpointId, asEventId } from "../core/brand.ts";
import type { DeadLetter, Delivery } from "../core/delivery.ts";
import { isJsonText } from "../core/json-text.ts";
import { destinationSchema, pastAttemptSchema } from "../core/stored.ts";
import { BURY_REASONS } from "../core/verdict.ts";
import type { Unread } from "./events-job.ts";

/**
 * 1: as first released. 2: with a destination, which a reader of 1 would leave out and so give the delivery up. What
 * an older worker can do, it is left to do: a job has the lowest version that says all of it.
 */
export const DELIVERY_JOB_VERSION = 2;

const versionOf = ({ destination }: Delivery): 1 | 2 => (destination === undefined ? 1 : 2);

const deliverySchema = z.object({
  event: z.object({
    id: z.string().transform(asEventId),
    type: z.string(),
    timestamp: z.string(),
    data: z.string(),
  }),
  endpointId: z.string().transform(asEndpointId),
  destination: destinationSchema.exactOptional(),
  acceptedAt: z.number(),
  attempts: z.array(pastAttemptSchema),
  round: z.number(),
  heldSince: z.number().nullable(),
});

const deliveryJobSchema = z.object({ v: z.number(), delivery: z.unknown() });

/** Letters of version 1 do not say so. */
const letterVersionSchema = z.object({ v: z.number().max(DELIVERY_JOB_VERSION).optional() });

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

export type ReadDelivery = { readonly kind: "delivery"; readonly delivery: Delivery } | Unread;

export interface DeliveryJob {
  readonly v: 1 | 2;
  readonly delivery: Delivery;
}

export function deliveryJob(delivery: Delivery): DeliveryJob {
  return { v: versionOf(delivery), delivery };
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

/** A letter as it is stored: with a version where a reader of the first would lose something. */
export function storedLetter(letter: DeadLetter): DeadLetter & { readonly v?: number } {
  return letter.kind === "delivery" && versionOf(letter.delivery) > 1
    ? { v: versionOf(letter.delivery), ...letter }
    : letter;
}

/** Null for anything that is no dead letter of ours, or one of a newer version. */
export function readDeadLetter(value: unknown): DeadLetter | null {
  const versioned = letterVersionSchema.safeParse(value);
  return versioned.success ? (deadLetterSchema.safeParse(value).data ?? null) : null;
}
