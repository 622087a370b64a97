/**
 * What observing needs from the rest of the house. Owned here, by the consumer; app.ts plugs in the queues.
 * Everything else reaches observe as a happening: it asks nobody.
 */
export const QUEUE_STATES = ["new", "retrying", "dead"] as const;
export type QueueState = (typeof QUEUE_STATES)[number];

export interface QueueReading {
  readonly depth: number;
  /** Age in ms of the oldest entry, or of the one due next where entries wait for their time; 0 while there is none. */
  readonly oldestAgeMs: number;
}

/** Called once per scrape, so it must settle within a scrape's patience (a second or two), by rejecting if need be. */
export type ReadQueues = () => Promise<Readonly<Record<QueueState, QueueReading>>>;
