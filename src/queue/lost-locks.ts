/**
 * Locks that were lost, told in one line. A process that gets too little CPU renews its locks too late, other workers take
 * its jobs over, and then BullMQ complains of each job several times: at each renewal, and when it is to be settled. That is
 * one fact, and nothing is lost by it: what was sent is on record, and what was not the other worker sends.
 */
import { codeOf, HookwaveError } from "../core/errors.ts";

/** From the first complaint to the line: those of one late moment come within it. */
const TOGETHER_MS = 5_000;

/** As BullMQ words it (finished-errors.js, lock-manager.js). */
const COMPLAINT = /^(?:could not renew lock|Missing lock|Lock mismatch|Missing key) for job /;

export class LostLocks {
  readonly #tell: (error: Error) => void;
  /** Complaint → how often it was heard. */
  readonly #heard = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  /** `tell` hears every other error as it is, at once. */
  constructor(tell: (error: Error) => void) {
    this.#tell = tell;
  }

  readonly hear = (error: Error): void => {
    const complaint = complaintIn(error);
    if (complaint === null) {
      this.#tell(error);
      return;
    }
    this.#heard.set(complaint, (this.#heard.get(complaint) ?? 0) + 1);
    this.#timer ??= setTimeout(this.flush, TOGETHER_MS).unref();
  };

  /** Tells what has been heard until now. */
  readonly flush = (): void => {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#heard.size === 0) return;
    const counts = [...this.#heard].map(([complaint, count]) => `${count} × ${complaint}`);
    this.#heard.clear();
    this.#tell(tooLate(counts.join(", ")));
  };
}

/** Without the job's id, of which there are as many as jobs; null for anything else. */
function complaintIn(error: Error): string | null {
  if (codeOf(error) === "JOB_LOST") return "job lost";
  return COMPLAINT.exec(error.message)?.[0].replace(" for job ", "") ?? null;
}

function tooLate(counts: string): HookwaveError {
  return new HookwaveError("JOB_LOST", {
    expected: "locks that are renewed in time",
    got: `jobs that other workers have taken over meanwhile (${counts})`,
    remedy:
      "nothing is lost by it, but this process gets too little CPU: nodejs_eventloop_lag_p99_seconds; or Redis answers late",
  });
}
