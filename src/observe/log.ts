/**
 * The log: one line per happening, JSON or for a person, one wide line per attempt with always all its fields. Redaction is by
 * construction: a happening holds no secret, no body and no raw error (trap 14), so there is nothing to strip.
 */
import { write } from "node:fs";
import { hostname } from "node:os";
import { type Logger, pino, stdTimeFunctions } from "pino";
import type { Happening, Tell } from "../core/happening.ts";
import type { Style } from "../core/style.ts";
import { errandNow } from "./errand.ts";
import { createHeldCounts } from "./held-counts.ts";
import { type LineDestination, LineFile } from "./line-file.ts";
import { prettyLine } from "./pretty-line.ts";
import { createRedisOutage, type OutageDeps, type RedisOutage } from "./redis-outage.ts";

export interface LogOptions {
  /** A pino level, or `silent`. */
  readonly level: string;
  /** Standard output unless said otherwise. */
  readonly destination?: LineDestination;
  /** Lines for a person, painted so, instead of JSON. */
  readonly paint?: Style | undefined;
}

export interface Log {
  readonly logger: Logger;
  /** Writes a line that is complete, past the logger but in order with its lines. */
  readonly writeLine: (line: string) => void;
  /** `count` hears how many lines could not be written: first those until now, then all others as they are dropped. */
  readonly countDropped: (count: (lines: number) => void) => void;
  /** Resolves once every line is written, or dropped. */
  readonly close: () => Promise<void>;
}

const STANDARD_ERROR = 2;

/** Lines that are left when the process exits without `close` are written then. */
export function createLog({ level, destination = 1, paint }: LogOptions): Log {
  let dropped = 0;
  let count = (lines: number): void => {
    dropped += lines;
  };
  const file = new LineFile(destination, {
    onDropped: ({ lines, code, isFirst }) => {
      count(lines);
      if (isFirst) complain(code);
    },
    onResumed: ({ lines, code }) => {
      const notice = `${lines} lines before this one could not be written to the log (${code})`;
      logger.warn({ notice, detail: { lines: String(lines), code } }, "service.noticed");
    },
  });
  const options = {
    level,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  const write = (line: string): void => file.write(paint === undefined ? line : prettyLine(line, paint));
  const logger = pino(options, { write });
  return {
    logger,
    writeLine: write,
    countDropped: (counter) => {
      count = counter;
      counter(dropped);
    },
    close: () => file.close(),
  };
}

/** Once until lines are written again. Where standard error is full as well, the metric is left to say it. */
function complain(code: string): void {
  const remedy = "they are dropped and counted (hookwave_log_lines_dropped_total) until there is room";
  const text = `hookwave: expected a log that takes lines, got ${code}; ${remedy}\n`;
  write(STANDARD_ERROR, text, () => undefined);
}

export interface HappeningLogOptions extends Pick<OutageDeps, "monotonicMs" | "lookEveryMs"> {
  /** Between two lines about what goes on and on: an outage of Redis, deliveries that are held. A minute when absent. */
  readonly sayEveryMs?: number;
}

export interface HappeningLog extends Pick<RedisOutage, "askBy"> {
  readonly tell: Tell;
  /** Writes what has only been counted until now; to be called before the log is closed. */
  readonly close: () => void;
}

/** A listener that writes each happening under its kind as the message; what comes in masses it counts. */
export function logHappenings({ logger, writeLine }: Log, options: HappeningLogOptions): HappeningLog {
  const about = JSON.stringify({ pid: process.pid, hostname: hostname() }).slice(1, -1);
  const outage = createRedisOutage({
    ...options,
    write: (level, fields, message) => logger[level](fields, message),
  });
  const held = createHeldCounts({ ...options, write: (fields, message) => logger.info(fields, message) });
  const tell: Tell = (happening) => {
    switch (happening.kind) {
      case "attempt.finished": {
        const line = attemptLine(logger, about, happening);
        if (line !== null) writeLine(line);
        return;
      }
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

/** The request that it is part of; batches are of several. */
function requestOf({ kind }: Happening): { readonly requestId?: string } {
  if (kind === "events.published" || kind === "bus.written") return {};
  const requestId = errandNow()?.requestId ?? null;
  return requestId === null ? {} : { requestId };
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
      return "debug";
    case "attempt.finished":
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
