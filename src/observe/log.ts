/**
 * The log: one line of JSON per happening, one wide line per attempt with always all its fields. Redaction is by
 * construction: a happening holds no secret, no body and no raw error (trap 14), so there is nothing to strip.
 */
import { once } from "node:events";
import { hostname } from "node:os";
import { type Logger, pino, stdTimeFunctions } from "pino";
import type { Happening, Tell } from "../core/happening.ts";

export interface LogOptions {
  /** A pino level, or `silent`. */
  readonly level: string;
  /** A file descriptor or a file's path; standard output unless said otherwise. */
  readonly destination?: number | string;
}

export interface Log {
  readonly logger: Logger;
  /** Writes a line that is complete, past the logger but in order with its lines. */
  readonly writeLine: (line: string) => void;
  /** Resolves once every line is written. */
  readonly close: () => Promise<void>;
}

/** A write wakes a thread, which costs as much as putting the line together: so lines share one. */
const WRITE_BYTES = 12_288;
const WRITE_WITHIN_MS = 100;

/** Pino itself flushes what is left when the process exits without `close`. */
export function createLog({ level, destination = 1 }: LogOptions): Log {
  const stream = pino.destination({
    dest: destination,
    sync: false,
    minLength: WRITE_BYTES,
    periodicFlush: WRITE_WITHIN_MS,
  });
  const options = {
    level,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return {
    logger: pino(options, stream),
    writeLine: (line) => stream.write(line),
    close: async () => {
      const closed = once(stream, "close");
      stream.end();
      await closed;
    },
  };
}

/** A listener that writes each happening under its kind as the message. */
export function logHappenings({ logger, writeLine }: Log): Tell {
  const about = JSON.stringify({ pid: process.pid, hostname: hostname() }).slice(1, -1);
  return (happening) => {
    if (happening.kind === "attempt.finished") {
      const line = attemptLine(logger, about, happening);
      if (line !== null) writeLine(line);
      return;
    }
    const { kind, ...fields } = happening;
    logger[levelOf(happening)](fields, kind);
  };
}

/**
 * The line pino would write, around the record's text: field by field it takes 9 µs of an attempt's hundred. Null
 * when the level is not to be written.
 */
function attemptLine(
  logger: Logger,
  about: string,
  { record, recordText, latencyMs, firstDelayMs }: Happening & { readonly kind: "attempt.finished" },
): string | null {
  const level = record.outcome === "delivered" ? "info" : "warn";
  if (!logger.isLevelEnabled(level)) return null;
  const fields = `${recordText.slice(1, -1)},"latencyMs":${latencyMs},"firstDelayMs":${firstDelayMs},"msg":"attempt.finished"`;
  return `{"level":"${level}"${stdTimeFunctions.isoTime()},${about},${fields}}\n`;
}

/** The level decides what a person sees by default and what should make them look: docs/observability.md. */
function levelOf(happening: Happening): "debug" | "info" | "warn" | "error" {
  switch (happening.kind) {
    case "events.published":
    case "bus.written":
    // One for each that is parked; that its breaker is open has a line of its own.
    case "delivery.held":
      return "debug";
    case "attempt.finished":
    case "event.duplicated":
      return "info";
    case "breaker.changed":
      return happening.state === "open" ? "warn" : "info";
    case "endpoint.disabled":
    case "phase.changed":
    case "service.noticed":
      return "warn";
    case "delivery.buried":
    case "job.buried":
    case "service.failed":
      return "error";
  }
}
