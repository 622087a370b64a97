/**
 * The locks of this worker's jobs, as far as it can know. Redis lets a lock expire that is not renewed in time, and
 * tells nobody: while Redis is away, or this process stands still, only a clock of our own knows that a job may be
 * lost. It counts from the moment at which something was asked of Redis, which is never later than when Redis did it.
 */
import type { JobLease } from "../core/job-lease.ts";

interface Lock {
  readonly token: string;
  /** In monotonic ms. */
  heldUntil: number;
}

export class JobLocks {
  readonly #lockMs: number;
  readonly #monotonicMs: () => number;
  readonly #locks = new Map<string, Lock>();

  constructor(lockMs: number, monotonicMs: () => number) {
    this.#lockMs = lockMs;
    this.#monotonicMs = monotonicMs;
  }

  /** For a job that was taken `ageMs` ago; null while an earlier run of it, which has lost it, is still under way here. */
  begin(jobId: string, token: string, ageMs: number): JobLease | null {
    if (this.#locks.has(jobId)) return null;
    const lock: Lock = { token, heldUntil: this.#monotonicMs() - Math.max(0, ageMs) + this.#lockMs };
    this.#locks.set(jobId, lock);
    return () => this.#monotonicMs() < lock.heldUntil;
  }

  end(jobId: string): void {
    this.#locks.delete(jobId);
  }

  /** `askedAt` in monotonic ms; `lost` are those of the jobs that Redis says are no longer ours. */
  renewed(
    jobIds: readonly string[],
    tokens: readonly string[],
    askedAt: number,
    lost: readonly string[],
  ): void {
    for (const [at, jobId] of jobIds.entries()) {
      const lock = this.#locks.get(jobId);
      if (lock === undefined || lock.token !== tokens[at]) continue;
      lock.heldUntil = lost.includes(jobId) ? Number.NEGATIVE_INFINITY : askedAt + this.#lockMs;
    }
  }
}
