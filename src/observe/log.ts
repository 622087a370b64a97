/**
 * The log: one line of JSON per happening, one wide line per attempt with always all its fields. Redaction is by
 * construction: a happening holds no secret, no body and no raw error (trap 14), so there is nothing to strip.
 */
import { once } from "node:events";
import { type Logger, pino, stdTimeFunctions } from "pino";
import type { AttemptRecord } from "../core/attempt.ts";
import type { Happening, Tell } from "../core/happening.ts";

export interface LogOptions {
  /** A pino level, or `silent`. */
  readonly level: string;
  /** A file descriptor or a file's path; standard output unless said otherwise. */
  readonly destination?: number | string;
}

export interface Log {
  readonly logger: Logger;
  /** Resolves once every line is written. */
  readonly close: () => Promise<void>;
}

/**
 * Lines are written as soon as the write before them is done: at once in an idle service, many together in a busy
 * one. Pino itself flushes what is left when the process exits without `close`.
 */
export function createLog({ level, destination = 1 }: LogOptions): Log {
  const stream = pino.destination({ dest: destination, sync: false });
  const options = {
    level,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return {
    logger: pino(options, stream),
    close: async () => {
      const closed = once(stream, "close");
      stream.end();
      await closed;
    },
  };
}

/** A listener that writes each happening under its kind as the message. */
export function logHappenings(logger: Logger): Tell {
  return (happening) => {
    if (happening.kind === "attempt.finished") return logAttempt(logger, happening);
    const { kind, ...fields } = happening;
    logger[levelOf(happening)](fields, kind);
  };
}

function logAttempt(
  logger: Logger,
  { record, latencyMs }: { readonly record: AttemptRecord; readonly latencyMs: number | null },
): void {
  const fields = { ...record, latencyMs };
  if (record.outcome === "delivered") logger.info(fields, "attempt.finished");
  else logger.warn(fields, "attempt.finished");
}

/** What a person should see at the default level and what should make them look: docs/observability.md. */
function levelOf(happening: Happening): "debug" | "info" | "warn" | "error" {
  switch (happening.kind) {
    case "events.published":
      return "debug";
    case "attempt.finished":
    case "event.duplicated":
    case "delivery.held":
      return "info";
    case "breaker.changed":
      return happening.state === "open" ? "warn" : "info";
    case "endpoint.disabled":
    case "service.noticed":
      return "warn";
    case "delivery.buried":
    case "job.buried":
    case "service.failed":
      return "error";
  }
}
