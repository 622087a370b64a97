/** The log of a process of our own: pino's lines, JSON or for a person, in a file that never waits for its disk. */
import { write } from "node:fs";
import { hostname } from "node:os";
import { pino, stdTimeFunctions } from "pino";
import type { LogLevel } from "../core/logger.ts";
import type { Style } from "../core/style.ts";
import type { AttemptFinished, HappeningWriter } from "./happening-log.ts";
import { type LineDestination, LineFile } from "./line-file.ts";
import { prettyLine } from "./pretty-line.ts";

export interface LogOptions {
  /** A pino level, or `silent`. */
  readonly level: string;
  /** Standard output unless said otherwise. */
  readonly destination?: LineDestination;
  /** Lines for a person, painted so, instead of JSON. */
  readonly paint?: Style | undefined;
}

export interface Log extends Required<HappeningWriter> {
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
  const about = JSON.stringify({ pid: process.pid, hostname: hostname() }).slice(1, -1);
  return {
    logger,
    // Past the logger, but in order with its lines.
    writeAttempt: (attemptLevel, attempt) => {
      if (logger.isLevelEnabled(attemptLevel)) write(attemptLine(attemptLevel, about, attempt));
    },
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

/** The line pino would write, around the record's text: field by field it takes 9 µs of an attempt's hundred. */
function attemptLine(
  level: LogLevel,
  about: string,
  { recordText, latencyMs, firstDelayMs }: AttemptFinished,
): string {
  const fields = `${recordText.slice(1, -1)},"latencyMs":${latencyMs},"firstDelayMs":${firstDelayMs},"msg":"attempt.finished"`;
  return `{"level":"${level}"${stdTimeFunctions.isoTime()},${about},${fields}}\n`;
}
