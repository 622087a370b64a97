/**
 * Operator events as they come about: a fact, as short as a script can write it in the very step that makes it true, and the
 * event that is made of it when it is published. No secret is in either: a URL is shown as far as its host.
 */
import { z } from "zod";
import { asEndpointId, type EventId } from "../core/brand.ts";
import { type Delivery, deliveryId } from "../core/delivery.ts";
import { type Endpoint, isOwedTo } from "../core/endpoint.ts";
import type { PublishedEvent } from "../core/event.ts";
import type { LetterSummary } from "../core/letter.ts";
import { maskUrl } from "../core/mask-url.ts";
import { isOperatorEventType } from "../core/operator-event.ts";

const attemptSchema = z.object({
  outcome: z.string(),
  status: z.number().nullable(),
  reason: z.string().nullable(),
});

const common = { endpointId: z.string().transform(asEndpointId), incarnation: z.string(), at: z.number() };

export const operatorFactSchema = z.discriminatedUnion("type", [
  z.object({
    ...common,
    type: z.literal("endpoint.failing"),
    since: z.string(),
    level: z.number(),
    failures: z.number(),
    leftMs: z.number(),
    ...attemptSchema.shape,
  }),
  z.object({ ...common, type: z.literal("endpoint.recovered"), since: z.string() }),
  z.object({
    ...common,
    type: z.literal("endpoint.disabled"),
    because: z.string(),
    /** Absent where it did not fail. */
    since: z.string().optional(),
  }),
  z.object({
    ...common,
    type: z.literal("delivery.dead_lettered"),
    letterId: z.string(),
    deliveryId: z.string(),
    eventId: z.string(),
    eventType: z.string(),
    because: z.string(),
    attempts: z.number(),
    last: attemptSchema.nullable(),
  }),
]);

/** `at`: epoch ms. `incarnation` is empty where it is not known. */
export type OperatorFact = z.output<typeof operatorFactSchema>;

export type LetterFact = Extract<OperatorFact, { readonly type: "delivery.dead_lettered" }>;

/** Of a delivery that is given up; null where it is one of an operator event itself. */
export function deadLetterFact(delivery: Delivery, letter: LetterSummary): LetterFact | null {
  const { event, endpointId, incarnation = "", attempts } = delivery;
  if (isOperatorEventType(event.type)) return null;
  const { outcome, status, reason } = attempts.at(-1) ?? NOT_TRIED;
  return {
    type: "delivery.dead_lettered",
    endpointId,
    incarnation,
    at: Date.parse(letter.buriedAt),
    letterId: letter.id,
    deliveryId: deliveryId(delivery),
    eventId: event.id,
    eventType: event.type,
    because: letter.because,
    attempts: attempts.length,
    last: outcome === null ? null : { outcome, status, reason },
  };
}

const NOT_TRIED = { outcome: null, status: null, reason: null };

/**
 * Null where nobody can say any more what it is about: the endpoint has been removed, or has become another. A dead letter is
 * there all the same.
 */
export function operatorEvent(
  id: EventId,
  fact: OperatorFact,
  endpoint: Endpoint | undefined,
): PublishedEvent | null {
  const { incarnation } = fact;
  const isThere = endpoint !== undefined && isOwedTo(incarnation === "" ? {} : { incarnation }, endpoint);
  const data = dataOf(fact, isThere ? aboutEndpoint(endpoint) : null);
  if (data === null) return null;
  return { id, type: fact.type, timestamp: isoOf(fact.at), data: JSON.stringify(data) };
}

const isoOf = (timeMs: number): string => new Date(timeMs).toISOString();

const aboutEndpoint = ({ id, url, description, metadata }: Endpoint) => ({
  endpoint_id: id,
  url: maskUrl(url),
  description,
  metadata,
});

function dataOf(fact: OperatorFact, about: ReturnType<typeof aboutEndpoint> | null): object | null {
  if (fact.type === "delivery.dead_lettered") return letterData(fact, about?.url ?? null);
  return about === null ? null : { ...about, ...changeData(fact) };
}

const letterData = (fact: LetterFact, url: string | null) => ({
  endpoint_id: fact.endpointId,
  url,
  dead_letter_id: fact.letterId,
  delivery_id: fact.deliveryId,
  event_id: fact.eventId,
  event_type: fact.eventType,
  reason: fact.because,
  attempt_count: fact.attempts,
  last_attempt: fact.last,
  buried_at: isoOf(fact.at),
});

function changeData(fact: Exclude<OperatorFact, LetterFact>) {
  switch (fact.type) {
    case "endpoint.failing": {
      const { at, since, level, failures, leftMs, outcome, status, reason } = fact;
      return {
        failing_since: since,
        level,
        disabled_at_the_earliest: isoOf(at + leftMs),
        failed_attempts: failures,
        last_attempt: { outcome, status, reason },
      };
    }
    case "endpoint.recovered":
      return { failing_since: fact.since, recovered_at: isoOf(fact.at) };
    case "endpoint.disabled":
      return { because: fact.because, disabled_at: isoOf(fact.at), failing_since: fact.since ?? null };
  }
}
