/** Figures of a series: a percentile, a slope. */

/** `share` in [0, 1]; nearest rank. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

const ALLOWED = 1.5;
/** A few pauses of a collector or of the machine: undisturbed, a 99th percentile of a few ms is the length of one. */
const PAUSES_MS = 50;

/** The promise of isolation, as rows state it; whoever waits for a slot or a name waits for seconds. */
export const UNDISTURBED = `healthy p99 ≤ ${ALLOWED} × baseline and ${PAUSES_MS} ms, the middle one of three each`;

/** Judges the rounds beside trouble by those without it: each a series of latencies, in ms. */
export function compareRounds(
  beside: readonly (readonly number[])[],
  without: readonly (readonly number[])[],
): { readonly kept: boolean; readonly found: string } {
  const [troubled, usual] = [beside.map(p99Of), without.map(p99Of)];
  return {
    kept: percentile(troubled, 0.5) <= ALLOWED * percentile(usual, 0.5) + PAUSES_MS,
    found: `${shown(troubled)} ms, of ${shown(usual)} ms`,
  };
}

const p99Of = (series: readonly number[]): number => percentile(series, 0.99);
const shown = (figures: readonly number[]): string => figures.map((one) => one.toFixed(1)).join(", ");

export interface Point {
  readonly at: number;
  readonly value: number;
}

/** By least squares, in units of value per unit of `at`. */
export function slopeOf(points: readonly Point[]): number {
  const mean = (pick: (point: Point) => number): number =>
    points.reduce((sum, point) => sum + pick(point), 0) / points.length;
  const [meanAt, meanValue] = [mean(({ at }) => at), mean(({ value }) => value)];
  const spread = points.reduce((sum, { at }) => sum + (at - meanAt) ** 2, 0);
  const together = points.reduce((sum, { at, value }) => sum + (at - meanAt) * (value - meanValue), 0);
  return spread === 0 ? 0 : together / spread;
}
