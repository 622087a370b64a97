/** As when the machine takes the processor away: nothing of this process runs, and the time goes on. */
export function standStill(forMs: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, forMs);
}
