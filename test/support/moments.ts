/** Moments that another process decides: how many of them fell together. */

/** A moment as this process knows it: it was asked for before, and heard of after. */
export interface Moment {
  readonly notBefore: number;
  readonly notAfter: number;
}

/** The most that certainly fell into any stretch of `withinMs`, however late this process was told. */
export const mostWithin = (moments: readonly Moment[], withinMs: number): number =>
  Math.max(
    ...moments.map(
      ({ notBefore: start }) =>
        moments.filter(({ notBefore, notAfter }) => notBefore >= start && notAfter < start + withinMs).length,
    ),
  );
