/**
 * A fair semaphore: so many at a time. Who waits is let in by turns, one of each key after another, and in order of arrival
 * within a key: a thousand that came first for one receiver are not before a single one for another.
 */
export interface Semaphore {
  /** Resolves when there is room; call `release` afterwards. */
  readonly acquire: (key: string) => Promise<void> | undefined;
  readonly release: () => void;
}

export function createSemaphore(most: number): Semaphore {
  let open = 0;
  /** In the order of the turns. */
  const lines = new Map<string, Line>();
  return {
    acquire: (key) => {
      if (open < most) {
        open += 1;
        return undefined;
      }
      return new Promise((resolve) => {
        const line = lines.get(key);
        if (line === undefined) lines.set(key, { waiting: [resolve], next: 0 });
        else line.waiting.push(resolve);
      });
    },
    release: () => {
      const [first] = lines;
      if (first === undefined) {
        open -= 1;
        return;
      }
      const [key, line] = first;
      const letIn = line.waiting[line.next];
      line.next += 1;
      lines.delete(key);
      if (line.next < line.waiting.length) lines.set(key, line);
      letIn?.();
    },
  };
}

interface Line {
  readonly waiting: (() => void)[];
  /** The place of the first that still waits: to shift an array of thousands costs as much as it is long. */
  next: number;
}
