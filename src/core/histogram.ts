/**
 * Durations counted in buckets that grow with them, four to each doubling: from 1 ms to five minutes in 73 counters,
 * and a quantile is never more than 10 % off. Counts of several workers and hours add up, which quantiles do not.
 */
const PER_DOUBLING = 4;

/** The bucket that `durationMs` falls in: 0 for less than a millisecond. */
export function bucketOf(durationMs: number): number {
  return durationMs < 1 ? 0 : 1 + Math.floor(Math.log2(durationMs) * PER_DOUBLING);
}

/** The duration in ms below which the part `quantile` (0 to 1) of all counted lies; null when none is counted. */
export function quantileMs(counts: ReadonlyMap<number, number>, quantile: number): number | null {
  const inOrder = [...counts].sort(([one], [other]) => one - other);
  const total = inOrder.reduce((sum, [, count]) => sum + count, 0);
  let below = 0;
  for (const [bucket, count] of inOrder) {
    below += count;
    if (below >= total * quantile) return middleMs(bucket);
  }
  return null;
}

function middleMs(bucket: number): number {
  return bucket === 0 ? 0 : Math.round(2 ** ((bucket - 0.5) / PER_DOUBLING));
}
