/**
 * The due time of an event, written into its id and so into the `webhook-id` its receiver sees; and the clock by which
 * the publisher's and the receiver's process agree: Date.now() is too coarse.
 */
export const clockMs = (): number => performance.timeOrigin + performance.now();

export function dueId(dueMs: number, index: number): string {
  return `due_${Math.round(dueMs * 1_000)}_${index}`;
}

/** Epoch ms; null for an id that says nothing of it. */
export function dueMsOf(id: string): number | null {
  const microseconds = /^due_(\d+)_/.exec(id)?.[1];
  return microseconds === undefined ? null : Number(microseconds) / 1_000;
}
