/**
 * The record of one attempt. One attempt = one log line = one stream entry = one histogram observation, all
 * with these field names, and always all of them: null where a field has nothing to say. No secret and no body
 * is among them, so that the same object can be written anywhere.
 */
import type { DeliveryId, EndpointId, EventId } from "./brand.ts";
import type { DeliveryState, PastAttempt } from "./delivery.ts";
import type { ProfileName } from "./endpoint.ts";
import type { AttemptVerdict, BuryReason } from "./verdict.ts";

export interface AttemptRecord extends Omit<PastAttempt, "traceparent"> {
  readonly attemptId: string;
  readonly deliveryId: DeliveryId;
  readonly eventId: EventId;
  readonly eventType: string;
  readonly endpointId: EndpointId;
  readonly profile: ProfileName;
  readonly round: number;
  readonly bodyBytes: number;
  readonly verdict: AttemptVerdict["kind"];
  readonly nextInMs: number | null;
  readonly because: BuryReason | null;
  /** Its span; null where there are no traces. */
  readonly traceparent: string | null;
}

/** An attempt with all that is written of it. */
export interface FinishedAttempt {
  readonly record: AttemptRecord;
  /** The record as JSON. */
  readonly recordText: string;
  /** Epoch ms: which of its events it was, where the event's id is used again. */
  readonly acceptedAt: number;
  /** The state it leaves its delivery in. */
  readonly state: DeliveryState;
  /** The beginning of the receiver's answer. */
  readonly excerpt: string;
}

export function pastAttempt(record: AttemptRecord): PastAttempt {
  const { attemptNumber, startedAt, durationMs, outcome, status, reason, traceparent } = record;
  const past = { attemptNumber, startedAt, durationMs, outcome, status, reason };
  return traceparent === null ? past : { ...past, traceparent };
}

export interface LoggedAttempt {
  readonly record: AttemptRecord;
  /** The beginning of what the receiver answered when it refused; else empty. */
  readonly excerpt: string;
}

export interface AttemptFilter {
  readonly verdict?: AttemptRecord["verdict"];
  /** A type, or a family such as `job.*`. */
  readonly eventType?: string;
  /** Epoch ms between which the attempt was recorded. */
  readonly since?: number;
  readonly until?: number;
}
