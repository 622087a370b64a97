/** Nearness of the parts of a long page to what is seen: one observer of the browser for all of them. */

/** As far as is scrolled within a few frames. */
const NEAR = { rootMargin: "4000px" };

type Hear = (isNear: boolean) => void;

const hearers = new WeakMap<Element, Hear>();
let observer: IntersectionObserver | null = null;

function observe(entries: readonly IntersectionObserverEntry[]): void {
  // Of a busy browser several of one element at once: the last is how it is.
  for (const { target, isIntersecting } of entries) hearers.get(target)?.(isIntersecting);
}

/** Tells at once, and whenever it changes, until the returned function is called. */
export function watchNearness(element: Element, hear: Hear): () => void {
  observer ??= new IntersectionObserver(observe, NEAR);
  const watching = observer;
  hearers.set(element, hear);
  watching.observe(element);
  return () => {
    watching.unobserve(element);
    hearers.delete(element);
  };
}
