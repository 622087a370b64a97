/** Queue counts: how much lies in each of the three queues, which are three states that a person can count. */
export const QUEUE_STATES = ["new", "retrying", "dead"] as const;
type QueueState = (typeof QUEUE_STATES)[number];

export interface QueueReading {
  /** Jobs: one of the new ones may hold up to 64 events. */
  readonly depth: number;
  /** Age in ms of the oldest entry, or of the one due next where entries wait for their time; 0 while there is none. */
  readonly oldestAgeMs: number;
  /** Ms since the entry that was due first was due; 0 while none is. What is in work is not due any more. */
  readonly overdueMs: number;
}

export type QueueCounts = Readonly<Record<QueueState, QueueReading>>;

/** Of several places together. */
export function sumOfCounts([first, ...others]: readonly [QueueCounts, ...QueueCounts[]]): QueueCounts {
  return others.reduce(
    (sum, one) => ({
      new: sumOfReadings(sum.new, one.new),
      retrying: sumOfReadings(sum.retrying, one.retrying),
      dead: sumOfReadings(sum.dead, one.dead),
    }),
    first,
  );
}

const sumOfReadings = (one: QueueReading, other: QueueReading): QueueReading => ({
  depth: one.depth + other.depth,
  oldestAgeMs: Math.max(one.oldestAgeMs, other.oldestAgeMs),
  overdueMs: Math.max(one.overdueMs, other.overdueMs),
});
