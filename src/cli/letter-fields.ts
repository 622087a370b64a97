/** Dead letters and replays in the API's words and in those of the commands. */
import type { ShownLetter, ShownWholeLetter } from "../api/letter-fields.ts";
import type { ShownReplay } from "../api/routes/replays.ts";
import { asEndpointId, asEventId } from "../core/brand.ts";
import type { PastAttempt } from "../core/delivery.ts";
import type { LetterFilter, LetterSummary } from "../core/letter.ts";
import type { Replay } from "../core/replay.ts";

export function readLetter(letter: ShownLetter): LetterSummary {
  const { id, event_id: eventId, event_type: eventType, endpoint_id: endpointId } = letter;
  return {
    id,
    eventId: eventId === null ? null : asEventId(eventId),
    eventType,
    endpointId: endpointId === null ? null : asEndpointId(endpointId),
    because: letter.reason,
    buriedAt: letter.buried_at,
    attempts: letter.attempt_count,
  };
}

/** A whole letter: of a delivery, or of an events job. `data` is JSON text. */
export function readWholeLetter(letter: ShownWholeLetter, data: string) {
  const { id, reason: because, buried_at: buriedAt, job } = letter;
  const common = { id, because, buriedAt };
  if (job !== null) {
    const { id: jobId, added_at: addedAt, problem, text } = job;
    return { ...common, kind: "job", jobId, addedAt: Date.parse(addedAt), problem, text } as const;
  }
  const { event_id: eventId, event_type: type, endpoint_id: endpointId, timestamp, round } = letter;
  const attempts = letter.attempts.map(readAttempt);
  const delivery = { event: { id: eventId, type, timestamp, data }, endpointId, attempts, round };
  return { ...common, kind: "delivery", delivery } as const;
}

export type WholeLetter = ReturnType<typeof readWholeLetter>;

function readAttempt(attempt: ShownWholeLetter["attempts"][number]): PastAttempt {
  const { attempt_number: attemptNumber, started_at: startedAt, duration_ms: durationMs, ...rest } = attempt;
  return { attemptNumber, startedAt, durationMs, ...rest };
}

/** `filter` is what was asked for. */
export function readReplay(replay: ShownReplay, filter: LetterFilter): Replay {
  const { id, state, total, replayed, skipped, failed, failures, to_endpoint_id: to } = replay;
  return {
    id,
    filter,
    ratePerSecond: replay.rate,
    to: to === null ? null : asEndpointId(to),
    state,
    createdAt: replay.created_at,
    finishedAt: replay.finished_at,
    total,
    replayed,
    skipped,
    failed,
    failures,
  };
}
