/** Statistics of an endpoint: what its deliveries came to in all, and its attempts of the last day by the hour. */

export interface Spell {
  readonly attempts: number;
  readonly delivered: number;
  readonly buried: number;
  /** Of all attempts, answered or not; null when there was none. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

export interface Hour extends Spell {
  /** ISO 8601. */
  readonly startsAt: string;
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
