/**
 * Collects what arrives while a write is under way and writes it together. Each caller's promise settles with
 * its own group's write. Nothing ever waits for company: an idle committer writes groups of one at once, a busy
 * one writes groups as large as its backlog. Publishing, recording and parking all ride on this.
 */
export interface GroupCommitOptions<Item> {
  /** Writes one group; rejecting rejects every caller in it. */
  readonly write: (items: readonly Item[]) => Promise<void>;
  readonly maxItems: number;
  /** Groups being written at the same time. */
  readonly maxWrites: number;
  /** The same for groups of `maxItems`, which waiting cannot make larger; default: `maxWrites`. */
  readonly maxFullWrites?: number;
  /** A group is closed early when its items' sizes pass `maxSize`; unit: whatever `sizeOf` returns. */
  readonly maxSize?: number;
  readonly sizeOf?: (item: Item) => number;
}

export interface GroupCommit<Item> {
  /** Resolves once the item's group is written. */
  readonly add: (item: Item) => Promise<void>;
  /** Rejects those of the items whose write has not begun, and forgets them: nobody waits for them any more. */
  readonly withdraw: (items: ReadonlySet<Item>, reason: unknown) => void;
  /** Resolves when nothing is waiting and nothing is being written. */
  readonly idle: () => Promise<void>;
}

interface Waiting<Item> {
  readonly item: Item;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export function createGroupCommit<Item>(options: GroupCommitOptions<Item>): GroupCommit<Item> {
  const { maxFullWrites = options.maxWrites } = options;
  let waiting: Waiting<Item>[] = [];
  let writes = 0;
  let scheduled = false;
  const idlers: (() => void)[] = [];

  const takeGroup = (): Waiting<Item>[] => {
    const size = groupSize(waiting, options);
    const group = size === waiting.length ? waiting : waiting.slice(0, size);
    waiting = size === waiting.length ? [] : waiting.slice(size);
    return group;
  };

  const writeGroup = async (group: readonly Waiting<Item>[]): Promise<void> => {
    writes += 1;
    try {
      await options.write(group.map((one) => one.item));
      for (const one of group) one.resolve();
    } catch (error) {
      for (const one of group) one.reject(error);
    } finally {
      writes -= 1;
      pump();
    }
  };

  const mayWrite = (): boolean =>
    writes < options.maxWrites || (waiting.length >= options.maxItems && writes < maxFullWrites);

  const pump = (): void => {
    while (waiting.length > 0 && mayWrite()) void writeGroup(takeGroup());
    if (waiting.length === 0 && writes === 0) for (const wake of idlers.splice(0)) wake();
  };

  return {
    add: (item) =>
      new Promise<void>((resolve, reject) => {
        waiting.push({ item, resolve, reject });
        if (scheduled || !mayWrite()) return;
        scheduled = true;
        // One microtask later, so that calls made in the same breath share the first group.
        queueMicrotask(() => {
          scheduled = false;
          pump();
        });
      }),
    withdraw: (items, reason) => {
      const withdrawn = waiting.filter(({ item }) => items.has(item));
      waiting = waiting.filter(({ item }) => !items.has(item));
      for (const one of withdrawn) one.reject(reason);
      pump();
    },
    idle: () =>
      waiting.length === 0 && writes === 0
        ? Promise.resolve()
        : new Promise((resolve) => idlers.push(resolve)),
  };
}

function groupSize<Item>(waiting: readonly Waiting<Item>[], options: GroupCommitOptions<Item>): number {
  const { maxItems, maxSize, sizeOf } = options;
  const most = Math.min(waiting.length, maxItems);
  if (maxSize === undefined || sizeOf === undefined) return most;
  let size = 0;
  for (let index = 0; index < most; index += 1) {
    const one = waiting[index];
    if (one === undefined) return index;
    size += sizeOf(one.item);
    if (size > maxSize && index > 0) return index;
  }
  return most;
}
