/**
 * Labels of breakers: the first endpoints whose breaker changes get one of their own (trap 33); all later ones, and
 * origins, which come and go with events' own destinations, share `other`, which shows the worst state among them.
 * Constant time, because in an outage of our own network every breaker changes at once.
 */
import type { BreakerState } from "../core/happening.ts";
import { type BreakerId, isOrigin } from "../core/origin.ts";
import { OTHER } from "./endpoint-labels.ts";

export interface BreakerLabels {
  /** Notes an endpoint's new state; answers the label to show, and the state to show under it. */
  readonly note: (
    id: BreakerId,
    state: BreakerState,
  ) => { readonly label: string; readonly state: BreakerState };
}

export function createBreakerLabels(maxLabels: number): BreakerLabels {
  const labelled = new Set<BreakerId>();
  /** Of those without a label, only the ones that are not closed: as small as the trouble is. */
  const open = new Set<BreakerId>();
  const halfOpen = new Set<BreakerId>();

  const worst = (): BreakerState => {
    if (open.size > 0) return "open";
    return halfOpen.size > 0 ? "half_open" : "closed";
  };

  return {
    note: (id, state) => {
      if (labelled.size < maxLabels && !isOrigin(id)) labelled.add(id);
      if (labelled.has(id)) return { label: id, state };
      open.delete(id);
      halfOpen.delete(id);
      if (state === "open") open.add(id);
      if (state === "half_open") halfOpen.add(id);
      return { label: OTHER, state: worst() };
    },
  };
}
