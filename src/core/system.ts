/**
 * The machine's clock and dice, as the journey sees them. Code that needs the time or chance takes this (or one
 * of its functions) as a parameter, so that a test can hold the clock still; config/system.ts has the real one.
 */
export interface System {
  /** Epoch ms; may jump when the machine's clock is set. */
  readonly now: () => number;
  /** Ms from an arbitrary start; never goes back. For durations and deadlines. */
  readonly monotonicMs: () => number;
  /** Ms in which this process has waited for something to do, since it began. */
  readonly idleMs: () => number;
  /** In [0, 1). */
  readonly dice: () => number;
  /** A fresh UUID v4. */
  readonly uuid: () => string;
}
