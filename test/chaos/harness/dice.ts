/** The dice of a run: the same seed throws the same, so that a run can be repeated. */
export interface Dice {
  /** In [0, 1). */
  readonly throw: () => number;
  /** A whole number from `least` up to and including `most`. */
  readonly between: (least: number, most: number) => number;
  readonly pick: <Item>(items: readonly Item[]) => Item;
}

/** mulberry32: 32 bits of state are plenty for choosing moments. */
export function createDice(seed: number): Dice {
  let state = seed >>> 0;
  const roll = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const between = (least: number, most: number): number => least + Math.floor(roll() * (most - least + 1));
  return {
    throw: roll,
    between,
    pick: (items) => {
      const item = items[between(0, items.length - 1)];
      if (item === undefined) throw new Error("expected something to choose from, got an empty list");
      return item;
    },
  };
}
