/**
 * Failures of our own, and how often or how soon something is tried again after them: the same out of a job and out of a
 * line. Nobody is charged for them.
 */

/**
 * A job or a delivery that was in work at this many crashes is their likely cause (fault matrix, row 4). With the first run
 * of its event's job before it, a delivery is buried at its tenth start.
 */
export const POISON_CRASHES = 8;

/** From this many crashes on it goes alone, so that the guilty one is found. */
export const SUSPECT_CRASHES = 2;

export const OWN_FAILURE_RETRY_MS = 1_000;

/** A record of a newer version waits for a newer worker. */
export const NEWER_RETRY_MS = 10_000;
