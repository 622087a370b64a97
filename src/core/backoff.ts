/**
 * The wait before the next attempt. The default is the schedule of the service being replaced: 2, 4, 8, 16, 32 s, each
 * ±10 % so that deliveries which failed together do not come back together.
 */
const JITTER = 0.1;
const RETRY_AFTER_MIN_MS = 1_000;
const WAIT_MAX_MS = 24 * 60 * 60 * 1_000;

/** The example schedule of the Standard Webhooks specification 1.0: nine retries over three days. */
export const STANDARD_WEBHOOKS_SCHEDULE: readonly number[] = [
  5_000,
  5 * 60_000,
  30 * 60_000,
  ...[2, 5, 10, 14, 20, 24].map((hours) => hours * 60 * 60_000),
];

/**
 * `retries` waits in ms: as many of `begun` as there are, then each twice the one before it, but no more than a day.
 * `firstMs` is the first where `begun` has none.
 */
export function exponentialSchedule(
  retries: number,
  firstMs: number,
  begun: readonly number[] = [],
): readonly number[] {
  const waits = begun.slice(0, retries);
  while (waits.length < retries) {
    const last = waits.at(-1);
    waits.push(last === undefined ? firstMs : Math.max(last, Math.min(last * 2, WAIT_MAX_MS)));
  }
  return waits;
}

/**
 * The wait after attempt `attemptNumber` (from 1) in ms, or null when no retry is left. `retryAfterMs` only
 * ever lengthens the wait (RFC 9110 §10.2.3), clamped to [1 s, 24 h]. `dice` is in [0, 1).
 */
export function retryDelayMs(
  schedule: readonly number[],
  attemptNumber: number,
  dice: number,
  retryAfterMs: number | null,
): number | null {
  const base = schedule[attemptNumber - 1];
  if (base === undefined) return null;
  const jittered = Math.round(base * (1 - JITTER + 2 * JITTER * dice));
  if (retryAfterMs === null) return jittered;
  const asked = Math.min(Math.max(retryAfterMs, RETRY_AFTER_MIN_MS), WAIT_MAX_MS);
  return Math.max(jittered, asked);
}

/** The three forms of RFC 9110 §5.6.7; `Date.parse` alone reads "-5" as May 2001 and "soon 2099" as a date, too. */
const HTTP_DATE = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? [\w -]+ \d\d:\d\d:\d\d(?: GMT| \d{4})$/;

/** A `Retry-After` header as ms from `nowMs`: delta-seconds or an HTTP date (RFC 9110 §10.2.3); null for anything else. */
export function parseRetryAfter(header: string | undefined, nowMs: number): number | null {
  if (header === undefined) return null;
  if (/^\d+$/.test(header)) return Number(header) * 1_000;
  if (!HTTP_DATE.test(header)) return null;
  // The oldest form names no zone and means GMT, where Date.parse would take the machine's.
  const date = Date.parse(header.endsWith("GMT") ? header : `${header} GMT`);
  return Number.isNaN(date) ? null : Math.max(0, date - nowMs);
}
