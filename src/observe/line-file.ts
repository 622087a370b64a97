/**
 * The file that log lines go to. It never waits for its disk: what cannot be written is dropped and counted, and the next
 * lines are tried again, because no line is worth a delivery (trap 41: pino's own destination tries a full disk for ever
 * when the process exits, and blocks it).
 */
import { closeSync, openSync, write as writeFile, writeSync } from "node:fs";
import { promisify } from "node:util";
import { codeOf } from "../core/errors.ts";

/** A file descriptor or a file's path. */
export type LineDestination = number | string;

interface LineFileEvents {
  /** For each time that lines could not be written; `code` is the system's, `isFirst` where those before could. */
  readonly onDropped: (dropped: { lines: number; code: string; isFirst: boolean }) => void;
  /** Lines are written again; `lines` is the number of those that are missing. */
  readonly onResumed: (missing: { lines: number; code: string }) => void;
}

/** A write wakes a thread, which costs as much as putting the line together: so lines share one. */
const WRITE_CHARACTERS = 12_288;
const WRITE_WITHIN_MS = 100;
/** A reader that does not read must not fill our memory. */
const HELD_CHARACTERS_MAX = 8 * 1_024 * 1_024;
/** A pipe that is full is no loss yet. */
const FULL_PIPE: ReadonlySet<string> = new Set(["EAGAIN", "EBUSY"]);
const FULL_PIPE_RETRY_MS = 50;
const AT_EXIT_TRIES = 5;
const NEWLINE = 0x0a;

const writeSome = promisify(writeFile);

/** Files whose lines are written when the process exits: all by one listener, since Node takes eleven for a leak. */
const unclosed = new Set<() => void>();

const writeAllAtExit = (): void => {
  for (const writeAtExit of unclosed) writeAtExit();
};

function expectExit(writeAtExit: () => void): void {
  if (unclosed.size === 0) process.on("exit", writeAllAtExit);
  unclosed.add(writeAtExit);
}

function forgetExit(writeAtExit: () => void): void {
  unclosed.delete(writeAtExit);
  if (unclosed.size === 0) process.off("exit", writeAllAtExit);
}

export class LineFile {
  readonly #fd: number;
  readonly #isOwn: boolean;
  readonly #events: LineFileEvents;
  #held = "";
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | null = null;
  #isClosed = false;
  /** The file ends within a line: what comes next begins a new one. */
  #isTorn = false;
  /** Lines since those that were written last. */
  #missing = { lines: 0, code: "" };

  /** Throws what the system says when a path cannot be opened. */
  constructor(destination: LineDestination, events: LineFileEvents) {
    this.#isOwn = typeof destination === "string";
    this.#fd = typeof destination === "string" ? openSync(destination, "a") : destination;
    this.#events = events;
    expectExit(this.#writeAtExit);
  }

  /** Whole lines, with their ends. */
  write(text: string): void {
    const isOverfull = this.#held.length + text.length > HELD_CHARACTERS_MAX;
    if (this.#isClosed || isOverfull) {
      this.#drop(linesIn(text), this.#isClosed ? "EBADF" : "ENOBUFS");
      return;
    }
    this.#held += text;
    if (this.#held.length >= WRITE_CHARACTERS) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), WRITE_WITHIN_MS).unref();
  }

  /** Resolves once every line is written or dropped; what comes later is dropped. */
  async close(): Promise<void> {
    this.#flush();
    while (this.#writing !== null) await this.#writing;
    this.#isClosed = true;
    forgetExit(this.#writeAtExit);
    if (this.#isOwn) closeSync(this.#fd);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#writing === null && this.#held !== "") this.#writing = this.#writeHeld();
  }

  async #writeHeld(): Promise<void> {
    while (this.#held !== "") {
      const bytes = this.#take();
      let written = 0;
      try {
        while (written < bytes.length) written += await this.#writeNext(bytes.subarray(written));
        this.#noteWritten();
      } catch (error) {
        this.#lose(bytes, written, codeOf(error) ?? "");
      }
    }
    // In the same turn as the last look: a line that comes after it begins another round.
    this.#writing = null;
  }

  #take(): Buffer {
    const bytes = Buffer.from(this.#isTorn ? `\n${this.#held}` : this.#held);
    this.#held = "";
    return bytes;
  }

  async #writeNext(bytes: Buffer): Promise<number> {
    try {
      return (await writeSome(this.#fd, bytes)).bytesWritten;
    } catch (error) {
      if (!FULL_PIPE.has(codeOf(error) ?? "")) throw error;
      await new Promise((wake) => setTimeout(wake, FULL_PIPE_RETRY_MS));
      return 0;
    }
  }

  /** The disk may have taken a part, which then ends within a line. */
  #lose(bytes: Buffer, written: number, code: string): void {
    const hasBegunAnew = this.#isTorn && written === 0;
    const lines = linesIn(bytes.subarray(written)) - (hasBegunAnew ? 1 : 0);
    if (written > 0) this.#isTorn = bytes[written - 1] !== NEWLINE;
    this.#drop(lines, code);
  }

  #drop(lines: number, code: string): void {
    const isFirst = this.#missing.lines === 0;
    this.#missing = { lines: this.#missing.lines + lines, code };
    this.#events.onDropped({ lines, code, isFirst });
  }

  #noteWritten(): void {
    this.#isTorn = false;
    if (this.#missing.lines === 0) return;
    const missing = this.#missing;
    this.#missing = { lines: 0, code: "" };
    this.#events.onResumed(missing);
  }

  /** For an exit without `close`: a few tries, and no more. A write that is under way is left to itself. */
  readonly #writeAtExit = (): void => {
    let bytes = this.#writing === null ? this.#take() : Buffer.from(this.#held);
    for (let tries = 0; bytes.length > 0 && tries < AT_EXIT_TRIES; tries += 1) {
      try {
        bytes = bytes.subarray(writeSync(this.#fd, bytes));
      } catch (error) {
        // Nobody is left who could be told that lines are missing.
        if (!FULL_PIPE.has(codeOf(error) ?? "")) return;
      }
    }
  };
}

function linesIn(text: string | Buffer): number {
  let lines = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) lines += 1;
  return lines;
}
