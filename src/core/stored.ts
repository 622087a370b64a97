/**
 * Schemas of what is stored in more than one place, so that a shape is read back by the same rule from a job, a dead
 * letter and a record. Each room's own records have their schemas there.
 */
import { z } from "zod";
import { asEndpointId, asEventId } from "./brand.ts";
import type { Delivery } from "./delivery.ts";
import { isJsonText } from "./json-text.ts";
import { OUTCOME_KINDS } from "./outcome.ts";

export const pastAttemptSchema = z.object({
  attemptNumber: z.number(),
  startedAt: z.string(),
  durationMs: z.number(),
  outcome: z.enum(OUTCOME_KINDS),
  status: z.number().nullable(),
  reason: z.string().nullable(),
  traceparent: z.string().exactOptional(),
});

export const destinationSchema = z.object({
  url: z.string(),
  events: z.array(z.string()),
  profile: z.string().nullable(),
  keyId: z.string(),
});

const legacySchema = z.object({
  data: z.string().exactOptional(),
  isWritten: z.literal(true).exactOptional(),
});

/** An event as it was published. */
export const publishedEventSchema = z.object({
  id: z.string().transform(asEventId),
  type: z.string(),
  timestamp: z.string(),
  data: z.string(),
  expiresAt: z.string().exactOptional(),
  destinations: z.array(destinationSchema).exactOptional(),
  legacy: legacySchema.exactOptional(),
  traceparent: z.string().exactOptional(),
  tracestate: z.string().exactOptional(),
});

/** A text that was not read: nobody can, or a newer version has written it. */
export type Unread =
  | { readonly kind: "unreadable"; readonly problem: string }
  | { readonly kind: "newer"; readonly version: number };

/**
 * Versions of a delivery where it waits, as a job or parked. It carries its whole event, so that nothing which expires is
 * needed to try again. 1: as first released. 2: with a destination, which a reader of 1 would leave out and so give the delivery
 * up. 3: with an end, after which a reader of 2 would still send it. What an older worker can do, it is left to do: a delivery
 * has the lowest version that says all of it. The incarnation makes no version: a reader that leaves it out does what it always
 * did, and the retries of a fleet that is being upgraded must not wait for the last of its workers.
 */
export const DELIVERY_VERSION = 3;

export function versionOf({ event, destination }: Delivery): 1 | 2 | 3 {
  if (event.expiresAt !== undefined) return 3;
  return destination === undefined ? 1 : 2;
}

export const deliverySchema = z.object({
  event: publishedEventSchema.omit({ destinations: true, legacy: true }),
  endpointId: z.string().transform(asEndpointId),
  incarnation: z.string().exactOptional(),
  destination: destinationSchema.exactOptional(),
  acceptedAt: z.number(),
  attempts: z.array(pastAttemptSchema),
  round: z.number(),
  heldSince: z.number().nullable(),
});

const versionedSchema = z.object({ v: z.number(), delivery: z.unknown() });

export interface VersionedDelivery {
  readonly v: 1 | 2 | 3;
  readonly delivery: Delivery;
}

export type ReadDelivery = { readonly kind: "delivery"; readonly delivery: Delivery } | Unread;

export function versionedDelivery(delivery: Delivery): VersionedDelivery {
  return { v: versionOf(delivery), delivery };
}

export function readVersionedDelivery(text: string): ReadDelivery {
  // The parser's own message quotes what it read, which may be anything.
  if (!isJsonText(text)) return { kind: "unreadable", problem: "the job's data is not JSON" };
  try {
    const { v, delivery } = versionedSchema.parse(JSON.parse(text));
    if (v > DELIVERY_VERSION) return { kind: "newer", version: v };
    return { kind: "delivery", delivery: deliverySchema.parse(delivery) };
  } catch (error) {
    return {
      kind: "unreadable",
      problem: error instanceof Error ? error.message.slice(0, 500) : "not a delivery",
    };
  }
}
