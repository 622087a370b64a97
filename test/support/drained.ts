/** The end of all work in a test: no event is being dispatched, and no delivery waits for its endpoint's turn. */
import type { Hookwave } from "../../src/app.ts";

/** A busy endpoint's deliveries go on in a queue of their own, so an empty queue of events is not the end yet. */
export async function isDrained({ queueCounts }: Pick<Hookwave, "queueCounts">): Promise<boolean> {
  // One after the other: a delivery is in the second queue before its event leaves the first.
  return (await queueCounts()).new.depth === 0 && (await queueCounts()).retrying.depth === 0;
}
