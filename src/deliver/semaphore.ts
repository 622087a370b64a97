/**
 * A semaphore for first attempts: so many a worker has in work at a time, whatever the size of its jobs. A hundred full
 * batches are thousands of deliveries, and all of them at once would only wait for one another. In order of arrival.
 */
export interface Semaphore {
  /** Resolves when there is room; call `release` afterwards. */
  readonly acquire: () => Promise<void> | undefined;
  readonly release: () => void;
}

export function createSemaphore(most: number): Semaphore {
  let open = 0;
  const waiting: (() => void)[] = [];
  let next = 0;
  return {
    acquire: () => {
      if (open < most) {
        open += 1;
        return undefined;
      }
      return new Promise((resolve) => waiting.push(resolve));
    },
    release: () => {
      const wake = waiting[next];
      if (wake === undefined) {
        open -= 1;
        return;
      }
      next += 1;
      if (next === waiting.length) {
        waiting.length = 0;
        next = 0;
      }
      wake();
    },
  };
}
