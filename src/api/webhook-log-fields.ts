/**
 * An attempt as a row of a webhook's log, and how a webhook has done: with the fields and the status words that
 * clients of the older service know, and ours beside them.
 */
import { z } from "zod";
import type { AttemptRecord, LoggedAttempt } from "../core/attempt.ts";
import type { EndpointStatistics } from "../core/statistics.ts";
import { inJson, isoOf } from "./json-names.ts";
import { hiddenMark } from "./payloads.ts";

/** Of a delivery; an attempt that was made leaves it in one of the middle three. */
export const LOG_STATUSES = ["pending", "delivered", "failed", "retrying", "cancelled"] as const;
type LogStatus = (typeof LOG_STATUSES)[number];

/** The status in which each verdict on an attempt leaves its delivery. */
const STATUS_AFTER = { complete: "delivered", bury: "failed", retry: "retrying" } as const;

/** The verdict that leads to a status; none where no attempt does. */
export const VERDICTS: Partial<Readonly<Record<LogStatus, AttemptRecord["verdict"]>>> = {
  delivered: "complete",
  failed: "bury",
  retrying: "retry",
};

const time = z.iso.datetime();
export const logRow = z.object({
  id: z.string(),
  webhook_id: z.string(),
  event: z.string().describe("The event's type."),
  status: z.enum(LOG_STATUSES).describe("Of the delivery, after this attempt."),
  attempt_count: z.int().describe("Which attempt of its delivery this is, from 1."),
  response_status: z.int().nullable(),
  error_message: z.string().nullable(),
  created_at: time,
  last_attempt_at: time,
  next_retry_at: time.nullable(),
  event_id: z.string(),
  delivery_id: z.string(),
  round: z.int().describe("0, and one more with each replay."),
  outcome: z.string(),
  reason: z.string().nullable().describe("Why it could not be reached, or was not tried."),
  given_up_because: z.string().nullable(),
  duration_ms: z.number(),
  response_excerpt: z.string().describe("The beginning of what a receiver answered that refused."),
  ...hiddenMark,
});

export type LogRow = z.output<typeof logRow>;

export function showAttempt({ record, excerpt }: LoggedAttempt): LogRow {
  const { startedAt, nextInMs } = record;
  const endedAt = Date.parse(startedAt) + record.durationMs;
  return {
    ...inJson(record),
    id: record.attemptId,
    webhook_id: record.endpointId,
    event: record.eventType,
    status: STATUS_AFTER[record.verdict],
    attempt_count: record.attemptNumber,
    response_status: record.status,
    error_message: errorOf(record),
    created_at: startedAt,
    last_attempt_at: startedAt,
    next_retry_at: isoOf(nextInMs === null ? null : endedAt + nextInMs),
    given_up_because: record.because,
    response_excerpt: excerpt,
  };
}

function errorOf({ outcome, status, reason }: AttemptRecord): string | null {
  if (outcome === "delivered") return null;
  return status === null ? (reason ?? outcome) : `HTTP ${status}`;
}

const spell = {
  p50_ms: z.number().nullable().describe("Of its attempts; to within 10 %."),
  p99_ms: z.number().nullable(),
};
export const shownStatistics = z.object({
  total_deliveries: z.int().describe("Since the webhook was made; a replayed one counts again."),
  successful_deliveries: z.int(),
  failed_deliveries: z.int().describe("Given up."),
  pending_deliveries: z.int().describe("Waiting for another attempt now."),
  success_rate: z.number().describe("Successful of those that came to an end, 0 to 1; 0 while none has."),
  ...spell,
  hours: z
    .array(
      z.object({
        starts_at: time,
        attempts: z.int(),
        delivered: z.int(),
        given_up: z.int(),
        ...spell,
      }),
    )
    .describe("The last 24, oldest first; the last one is not over. `p50_ms` and `p99_ms` above are of all."),
});

export type ShownStatistics = z.output<typeof shownStatistics>;

export function showStatistics(statistics: EndpointStatistics): ShownStatistics {
  const { delivered, buried, waiting, lastDay, hours } = statistics;
  return {
    total_deliveries: delivered + buried + waiting,
    successful_deliveries: delivered,
    failed_deliveries: buried,
    pending_deliveries: waiting,
    success_rate: delivered / Math.max(1, delivered + buried),
    ...inJson(lastDay),
    hours: hours.map((hour) => ({ ...inJson(hour), given_up: hour.buried })),
  };
}
