/** A table whose bodies are the places of a long list's groups: what is near is drawn, and what has the focus stays. */
import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { heightsOf, nearTo, nextDrawn, type Place, placesOf } from "./nearness.ts";

type Groups = readonly (readonly unknown[])[];
type Known = WeakMap<Groups[number], number>;

interface Near {
  readonly table: RefObject<HTMLTableElement | null>;
  /** One for each body of the table, in their order. */
  readonly places: readonly Place[];
}

/** Before any height is known. */
const FIRST: readonly number[] = [0, 1];

/** The group `kept` is drawn wherever it is. */
export function useNearness(groups: Groups, kept: number): Near {
  const table = useRef<HTMLTableElement>(null);
  const known = useRef<Known>(new WeakMap());
  const [drawn, setDrawn] = useState(FIRST);
  const places = placesOf(heightsOf(groups, known.current), [...drawn, kept]);

  const look = (): void => {
    const bodies = [...(table.current?.tBodies ?? [])];
    const [first] = bodies;
    if (first === undefined) return;
    for (const [at, body] of bodies.entries()) measure(groups[places[at]?.drawn ?? -1], body, known.current);
    const { top } = first.getBoundingClientRect();
    const near = nearTo(heightsOf(groups, known.current), -top, innerHeight - top);
    const focused = places[bodies.findIndex((body) => body.contains(document.activeElement))]?.drawn ?? -1;
    const next = nextDrawn(near, drawn);
    const all = focused === -1 || next.includes(focused) ? next : [...next, focused];
    if (all.join() !== drawn.join()) setDrawn(all);
  };
  // Before the first frame, or it would show that the list is at its end.
  useLayoutEffect(look, []);
  useEffect(look);
  const looking = useRef(look);
  looking.current = look;
  const forget = (): void => {
    known.current = new WeakMap();
  };
  useEffect(() => followScroll(() => looking.current(), forget), []);
  return { table, places };
}

/** Once: the browser would lay out for it what has changed since. */
function measure(group: Groups[number] | undefined, body: Element, known: Known): void {
  if (group !== undefined && !known.has(group)) known.set(group, body.getBoundingClientRect().height);
}

/** In a task of its own: the browser's for a frame has enough to do. */
function followScroll(look: () => void, forget: () => void): () => void {
  let timer = 0;
  const lookSoon = (): void => {
    // Not put off by the next one: while there are many, it would never come.
    timer ||= window.setTimeout(() => {
      timer = 0;
      look();
    });
  };
  // Rows that are narrower may be higher.
  const measureAnew = (): void => {
    forget();
    lookSoon();
  };
  addEventListener("scroll", lookSoon, { passive: true });
  addEventListener("resize", measureAnew);
  return () => {
    clearTimeout(timer);
    removeEventListener("scroll", lookSoon);
    removeEventListener("resize", measureAnew);
  };
}
