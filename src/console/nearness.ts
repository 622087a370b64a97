/**
 * Nearness of the groups of a long list to what is seen: those that are near are drawn, and what lies between them is one
 * place of its height. So a list costs the browser what is seen of it, however long it is. It knows nothing but heights.
 */

/** Further than a key scrolls. Whatever is drawn is looked through in each frame. */
const NEAR_PX = 1_200;
/** Groups that are drawn in one task; all at once took longer than 50 ms after a jump. */
const TOGETHER = 2;

/** Of one group that is drawn, or of all those that follow each other and are not. */
export interface Place {
  /** Index of the group; null where none is drawn. */
  readonly drawn: number | null;
  readonly heightPx: number;
  /** Index of the group behind it: no other place has it. */
  readonly end: number;
}

/** Indices of the groups that reach into what is seen or is near it, in their order; from the list's top. */
export function nearTo(heights: readonly number[], fromPx: number, toPx: number): readonly number[] {
  let startPx = 0;
  return heights.flatMap((heightPx, at) => {
    const isNear = startPx <= toPx + NEAR_PX && startPx + heightPx >= fromPx - NEAR_PX;
    startPx += heightPx;
    return isNear ? [at] : [];
  });
}

/** Of those that are near, what is drawn stays, and a few more are drawn, from the middle outwards. */
export function nextDrawn(near: readonly number[], drawn: readonly number[]): readonly number[] {
  const middle = near[Math.floor(near.length / 2)] ?? 0;
  const more = near
    .filter((at) => !drawn.includes(at))
    .toSorted((one, other) => Math.abs(one - middle) - Math.abs(other - middle))
    .slice(0, TOGETHER);
  return near.filter((at) => drawn.includes(at) || more.includes(at));
}

export function placesOf(heights: readonly number[], drawn: readonly number[]): readonly Place[] {
  const places: Place[] = [];
  let awayPx = 0;
  for (const [at, heightPx] of heights.entries()) {
    const [isDrawn, end] = [drawn.includes(at), at + 1];
    if (!isDrawn) awayPx += heightPx;
    const isLast = end === heights.length || drawn.includes(end);
    if (isDrawn) places.push({ drawn: at, heightPx, end });
    else if (isLast) {
      places.push({ drawn: null, heightPx: awayPx, end });
      awayPx = 0;
    }
  }
  return places;
}

type Group = readonly unknown[];

/** As measured; a group that was never drawn has the height that rows have as a mean. */
export function heightsOf(groups: readonly Group[], known: WeakMap<Group, number>): readonly number[] {
  const measured = groups.filter((group) => known.has(group));
  const px = measured.reduce((sum, group) => sum + (known.get(group) ?? 0), 0);
  const rows = measured.reduce((sum, group) => sum + group.length, 0);
  const rowPx = rows === 0 ? 0 : px / rows;
  return groups.map((group) => known.get(group) ?? group.length * rowPx);
}
