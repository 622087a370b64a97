/**
 * The lease of a job: is the work that was begun still this worker's? A job that was not heard of for too long goes to
 * another worker, and whatever the first one then still sends comes twice: so it asks, last thing before each POST.
 */
import { HookwaveError } from "./errors.ts";

/** False from the moment on at which the job may be another worker's. */
export type JobLease = () => boolean;

/** A job as whoever works on it sees it. */
export interface JobInWork {
  readonly holdsLease: JobLease;
  /** Gives its worker's slot back, because nothing of it is left but to wait for slow receivers; the job itself goes on. */
  readonly lendSlot: () => void;
}

/** Throws JOB_LOST: a failure of our own, and nothing has been charged to anybody. */
export function insistOnLease(holdsLease: JobLease): void {
  if (holdsLease()) return;
  throw new HookwaveError("JOB_LOST", {
    expected: "a job that is still this worker's",
    got: "one that may be another's by now",
    remedy: "look for what kept this worker from Redis; whoever has the job goes on with it",
  });
}
