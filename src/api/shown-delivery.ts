/** A delivery and its attempts, as every route that tells of them writes them. */
import { z } from "zod";
import { DELIVERY_STATUSES } from "../core/delivery.ts";
import { OUTCOME_KINDS } from "../core/outcome.ts";
import { BURY_REASONS } from "../core/verdict.ts";
import type { ShownDelivery, WholeDelivery } from "../manage/deliveries.ts";
import { inJson, isoOf } from "./json-names.ts";
import { hiddenMark } from "./payloads.ts";

const time = z.iso.datetime();

export const attemptSchema = z.object({
  attempt_number: z.number().int(),
  started_at: time,
  duration_ms: z.number(),
  outcome: z.enum(OUTCOME_KINDS),
  status: z.number().int().nullable().describe("The HTTP status, where there was an answer."),
  reason: z.string().nullable().describe("Why there was none: dns, connect, tls, timeout, reset, …"),
});

export const deliverySchema = z.object({
  id: z.string().describe("`<event id>.<endpoint id>`"),
  event_id: z.string(),
  event_type: z.string(),
  endpoint_id: z.string(),
  status: z.enum(DELIVERY_STATUSES).describe("`held` waits, and nothing has been tried yet in this round."),
  reason: z.enum(BURY_REASONS).nullable().describe("Why it was buried."),
  round: z.number().int().describe("0 at first, one more each time that it was sent again."),
  attempt_count: z.number().int().describe("In this round."),
  last_attempt: attemptSchema.nullable(),
  next_attempt_at: time.nullable().describe("null while it is under way, and when it is over."),
  created_at: time.describe("When a worker took its event on."),
});

export const answeredAttempt = attemptSchema.extend({
  response_excerpt: z
    .string()
    .nullable()
    .describe("What the receiver said to a failed attempt: its first 1,024 characters."),
});
export type AnsweredAttempt = z.output<typeof answeredAttempt>;

export const wholeDeliverySchema = deliverySchema.extend({
  attempts: z.array(answeredAttempt),
  ...hiddenMark,
});

export type DeliveryInJson = z.output<typeof deliverySchema>;
export type WholeDeliveryInJson = z.output<typeof wholeDeliverySchema>;

export function showDelivery(delivery: ShownDelivery): DeliveryInJson {
  const { id, event, endpointId, state, createdAt, nextAttemptAt } = delivery;
  const last = state.attempts.at(-1);
  return {
    id,
    event_id: event.id,
    event_type: event.type,
    endpoint_id: endpointId,
    status: state.status,
    reason: state.because,
    round: state.round,
    attempt_count: state.attempts.length,
    last_attempt: last === undefined ? null : inJson(last),
    next_attempt_at: isoOf(nextAttemptAt),
    created_at: isoOf(createdAt),
  };
}

export function showWholeDelivery(delivery: WholeDelivery): WholeDeliveryInJson {
  return { ...showDelivery(delivery), attempts: delivery.attempts.map(inJson) };
}
