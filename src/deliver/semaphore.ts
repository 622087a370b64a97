/**
 * A fair semaphore: so many at a time. Who waits is let in by turns, one of each key after another, and in order of arrival
 * within a key: a thousand that came first for one receiver are not before a single one for another.
 */
interface Semaphore {
  /** Resolves when there is room; call `release` afterwards. */
  readonly acquire: (key: string) => Promise<void> | undefined;
  readonly release: () => void;
}

export function createSemaphore(most: number): Semaphore {
  let open = 0;
  /** In the order of the turns. */
  const queues = new Map<string, Waiting>();
  return {
    acquire: (key) => {
      if (open < most) {
        open += 1;
        return undefined;
      }
      return new Promise((resolve) => {
        const queue = queues.get(key);
        if (queue === undefined) queues.set(key, { waiting: [resolve], next: 0 });
        else queue.waiting.push(resolve);
      });
    },
    release: () => {
      const [first] = queues;
      if (first === undefined) {
        open -= 1;
        return;
      }
      const [key, queue] = first;
      const letIn = queue.waiting[queue.next];
      queue.next += 1;
      queues.delete(key);
      if (queue.next < queue.waiting.length) queues.set(key, queue);
      letIn?.();
    },
  };
}

interface Waiting {
  readonly waiting: (() => void)[];
  /** The place of the first that still waits: to shift an array of thousands costs as much as it is long. */
  next: number;
}
