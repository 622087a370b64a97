/** Statistics of an endpoint: what its deliveries came to in all, and its attempts of the last day by the hour. */

export interface Spell {
  readonly attempts: number;
  readonly delivered: number;
  /** Attempts that did not deliver. */
  readonly failed: number;
  readonly buried: number;
  /** Of all attempts, answered or not; null when there was none. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

export interface Hour extends Spell {
  /** ISO 8601. */
  readonly startsAt: string;
}

/** A part of a stretch of time: a minute of the whole fleet, or an hour of one endpoint. */
export interface StatisticsPoint {
  /** ISO 8601 of its beginning. */
  readonly at: string;
  readonly attempts: number;
  /** Deliveries, each once for each round. */
  readonly delivered: number;
  /** Attempts that did not deliver. */
  readonly failed: number;
  /** Attempts that were not their round's first; null where that is not counted. */
  readonly retried: number | null;
  /** Deliveries that were given up. */
  readonly buried: number;
  /** From an event's acceptance to the end of its first attempt; null where there was none, or it is not counted. */
  readonly firstAttemptP95Ms: number | null;
}

export interface EndpointStatistics {
  /** Deliveries since the endpoint was added. */
  readonly delivered: number;
  readonly buried: number;
  /** Deliveries that wait for another attempt now. */
  readonly waiting: number;
  readonly lastDay: Spell;
  /** The 24 hours of that day, oldest first; the last one is not over. */
  readonly hours: readonly Hour[];
}
