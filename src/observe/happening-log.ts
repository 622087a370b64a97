/**
 * Happenings in the log: one line for each, and one wide line per attempt with always all its fields. Redaction is by
 * construction: a happening holds no secret, no body and no raw error (trap 14), so there is nothing to strip.
 */
import type { Happening, Tell } from "../core/happening.ts";
import type { Logger, LogLevel } from "../core/logger.ts";
import { errandNow } from "./errand.ts";
import { createHeldCounts } from "./held-counts.ts";
import { createRedisOutage, type OutageDeps, type RedisOutage } from "./redis-outage.ts";

export type AttemptFinished = Happening & { readonly kind: "attempt.finished" };

export interface HappeningWriter {
  readonly logger: Logger;
  /** For one that has a faster way to write the line of an attempt; all others are written by the logger. */
  readonly writeAttempt?: (level: LogLevel, attempt: AttemptFinished) => void;
}

interface HappeningLogOptions extends Pick<OutageDeps, "monotonicMs" | "lookEveryMs"> {
  /** Between two lines about what goes on and on: an outage of Redis, deliveries that are held. A minute when absent. */
  readonly sayEveryMs?: number;
}

export interface HappeningLog extends Pick<RedisOutage, "askBy"> {
  readonly tell: Tell;
  /** Writes what has only been counted until now; to be called before the log is closed. */
  readonly close: () => void;
}

/** A listener that writes each happening under its kind as the message; what comes in masses it counts. */
export function logHappenings(writer: HappeningWriter, options: HappeningLogOptions): HappeningLog {
  const { logger, writeAttempt = attemptWriter(logger) } = writer;
  const outage = createRedisOutage({
    ...options,
    write: (level, fields, message) => logger[level](fields, message),
  });
  const held = createHeldCounts({ ...options, write: (fields, message) => logger.info(fields, message) });
  const tell: Tell = (happening) => {
    switch (happening.kind) {
      case "attempt.finished":
        writeAttempt(levelOf(happening), happening);
        return;
      case "delivery.held":
        held.count(happening);
        return;
      case "service.failed":
        if (outage.takes(happening)) return;
    }
    const { kind, ...fields } = happening;
    logger[levelOf(happening)]({ ...fields, ...requestOf(happening) }, kind);
  };
  return {
    tell,
    askBy: outage.askBy,
    close: () => {
      outage.close();
      held.flush();
    },
  };
}

const attemptWriter =
  (logger: Logger): Required<HappeningWriter>["writeAttempt"] =>
  (level, { kind, record, latencyMs, firstDelayMs }) =>
    logger[level]({ ...record, latencyMs, firstDelayMs }, kind);

/** The request that it is part of; batches are of several. */
function requestOf({ kind }: Happening): { readonly requestId?: string } {
  if (kind === "events.published" || kind === "bus.written") return {};
  const requestId = errandNow()?.requestId ?? null;
  return requestId === null ? {} : { requestId };
}

/** The level decides what a person sees by default and what should make them look: docs/observability.md. */
function levelOf(happening: Happening): LogLevel {
  switch (happening.kind) {
    case "events.published":
    case "bus.written":
      return "debug";
    case "attempt.finished":
      return happening.record.outcome === "delivered" ? "info" : "warn";
    case "delivery.held":
    case "event.duplicated":
    case "endpoint.recovered":
      return "info";
    case "callback.received":
      return happening.signature === "invalid" ? "warn" : "info";
    case "breaker.changed":
      return happening.state === "open" ? "warn" : "info";
    case "endpoint.failing":
    case "endpoint.disabled":
    case "phase.changed":
    case "service.noticed":
    case "source.unsigned":
    case "callbacks.removed":
      return "warn";
    case "delivery.buried":
    case "job.buried":
    case "service.failed":
      return "error";
  }
}
