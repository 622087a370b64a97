/**
 * The log of a program that embeds or publishes: its own logger, or warnings and errors on standard error, in the form of
 * the service's log. Written without a library, since a producer loads none for it.
 */
import { hostname } from "node:os";
import { styleText } from "node:util";
import { summarise } from "../core/errors.ts";
import { LOG_LEVELS, type Logger, type LogLevel } from "../core/logger.ts";
import type { System } from "../core/system.ts";
import { type HappeningLog, logHappenings } from "./happening-log.ts";
import { LineFile } from "./line-file.ts";
import { prettyLine } from "./pretty-line.ts";

interface ProgramLogOptions {
  /** False for none; standard error when absent. */
  readonly logger?: Logger | false | undefined;
  /** The least important line of standard error, by a name of LOG_LEVEL; warnings and errors when absent. */
  readonly logLevel?: string | undefined;
  /** Of lines on standard error; by whether that is a terminal when absent. */
  readonly logFormat?: "auto" | "json" | "pretty" | undefined;
}

interface ProgramLog extends Pick<HappeningLog, "tell" | "askBy"> {
  readonly logger: Logger;
  /** Resolves once every line is written. */
  readonly close: () => Promise<void>;
}

const STANDARD_ERROR = 2;
/** Levels of LOG_LEVEL that write less, or more, than ours can tell apart. */
const BEYOND: Readonly<Record<string, number>> = {
  trace: 0,
  fatal: LOG_LEVELS.length,
  silent: LOG_LEVELS.length,
};

export function openProgramLog(
  options: ProgramLogOptions,
  system: Pick<System, "now" | "monotonicMs">,
): ProgramLog {
  const { logger: given } = options;
  const file = given === undefined ? openStandardError() : null;
  const logger = file === null ? guarded(given || SILENT) : linesTo(file, options, system.now);
  const { close, ...happenings } = logHappenings({ logger }, system);
  return {
    ...happenings,
    logger,
    close: async () => {
      close();
      await file?.close();
    },
  };
}

const nothing = (): void => undefined;
const SILENT: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };

/** A reader of standard error that does not read is the program's to look after: its lines are dropped. */
const openStandardError = (): LineFile =>
  new LineFile(STANDARD_ERROR, { onDropped: nothing, onResumed: nothing });

function linesTo(file: LineFile, { logLevel, logFormat }: ProgramLogOptions, now: System["now"]): Logger {
  const least = leastOf(logLevel ?? "warn");
  const isPretty = logFormat === "pretty" || (logFormat !== "json" && process.stderr.isTTY);
  const about = { pid: process.pid, hostname: hostname() };
  const write =
    (level: LogLevel): Logger[LogLevel] =>
    (fields, msg) => {
      const time = new Date(now()).toISOString();
      const line = `${JSON.stringify({ level, time, ...about, ...fields, msg })}\n`;
      file.write(isPretty ? prettyLine(line, paint) : line);
    };
  return byLevel((level) => (LOG_LEVELS.indexOf(level) < least ? nothing : write(level)));
}

const paint: Parameters<typeof prettyLine>[1] = (look, text) =>
  styleText(look, text, { stream: process.stderr });

const leastOf = (name: string): number => BEYOND[name] ?? LOG_LEVELS.map(String).indexOf(name);

const byLevel = (of: (level: LogLevel) => Logger[LogLevel]): Logger => ({
  debug: of("debug"),
  info: of("info"),
  warn: of("warn"),
  error: of("error"),
});

/** A logger that throws has a bug of its own, which must not end the program from one of our timers: said once. */
function guarded(logger: Logger): Logger {
  let isSaid = false;
  return byLevel((level) => (fields, message) => {
    try {
      logger[level](fields, message);
    } catch (error) {
      if (isSaid) return;
      isSaid = true;
      process.emitWarning(`the logger failed at ${message}: ${summarise(error).message}`, {
        type: "HookwaveWarning",
        code: "HOOKWAVE_LOGGER",
        detail: "Later failures are not repeated; deliveries are not affected.",
      });
    }
  });
}
