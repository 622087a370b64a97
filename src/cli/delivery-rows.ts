/** Deliveries for people, and the attempts of one: when, how long, what came of each, and what its receiver said. */
import type { AnsweredAttempt, DeliveryInJson } from "../api/shown-delivery.ts";
import { printable } from "./printable.ts";
import { stateCell } from "./state-hues.ts";
import type { Table } from "./table.ts";

const SAID_MAX = 80;

export function deliveriesTable(deliveries: readonly DeliveryInJson[]): string | Table {
  if (deliveries.length === 0) return "no deliveries";
  const rows = deliveries.map((delivery) => [
    delivery.event_id,
    delivery.event_type,
    delivery.endpoint_id,
    stateCell(delivery.status),
    String(delivery.attempt_count),
    delivery.last_attempt === null ? "–" : answerOf(delivery.last_attempt),
    delivery.next_attempt_at ?? "–",
  ]);
  const head = ["EVENT", "TYPE", "ENDPOINT", "STATUS", "ATTEMPTS", "LAST ANSWER", "NEXT ATTEMPT"];
  return { head, rows, rightAligned: [4] };
}

export function attemptsTable(attempts: readonly AnsweredAttempt[]): string | Table {
  if (attempts.length === 0) return "no attempt yet";
  const rows = attempts.map((attempt) => [
    String(attempt.attempt_number),
    attempt.started_at,
    `${Math.round(attempt.duration_ms)} ms`,
    stateCell(attempt.outcome),
    answerOf(attempt),
    said(attempt.response_excerpt),
  ]);
  const head = ["ATTEMPT", "STARTED AT", "TOOK", "OUTCOME", "ANSWER", "SAID"];
  return { head, rows, rightAligned: [0, 2] };
}

/** `HTTP 503`, or why there was none. */
export const answerOf = ({ status, reason }: Pick<AnsweredAttempt, "status" | "reason">): string =>
  status === null ? (reason ?? "–") : `HTTP ${status}`;

/** The beginning of an answer on one line; nothing where none is kept. */
export const said = (excerpt: string | null): string => printable(excerpt ?? "", SAID_MAX);
