/**
 * The errand that the running code is on, kept by Node along with its promises: so that a log line deep in a stage, and
 * an entry in the audit log, say for whom it was, without every function on the way being told.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Errand } from "../core/access.ts";

const storage = new AsyncLocalStorage<{ readonly errand: Errand; isOver: boolean }>();

/** Does the work as part of the errand, which is over when the work has settled. */
export function onErrand<Result>(errand: Errand, work: () => Promise<Result>): Promise<Result> {
  const current = { errand, isOver: false };
  const settle = (): void => {
    current.isOver = true;
  };
  return storage.run(current, async () => await work().finally(settle));
}

/** Null for work that nobody asked for, also where it was begun during an errand and goes on after it. */
export function errandNow(): Errand | null {
  const current = storage.getStore();
  return current === undefined || current.isOver ? null : current.errand;
}
