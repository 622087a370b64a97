/**
 * How many first attempts a worker has in work at a time, whatever the size of its jobs: a hundred full batches
 * are thousands of deliveries, and all of them at once would only wait for one another. In order of arrival.
 */
export interface Gate {
  /** Resolves when there is room; call `leave` afterwards. */
  readonly enter: () => Promise<void> | undefined;
  readonly leave: () => void;
}

export function createGate(most: number): Gate {
  let open = 0;
  const waiting: (() => void)[] = [];
  let next = 0;
  return {
    enter: () => {
      if (open < most) {
        open += 1;
        return undefined;
      }
      return new Promise((resolve) => waiting.push(resolve));
    },
    leave: () => {
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
