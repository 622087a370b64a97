/**
 * Endpoints in trouble, as far as this process has heard: those that the metrics ask for at each scrape. Bounded like
 * labels (trap 33); one that is well makes room for another. A destination's id leads nowhere, and is not among them.
 */
import type { EndpointId } from "../core/brand.ts";
import { isDestinationId } from "../core/destination.ts";

/** Trouble is told before it is written: one that looks well soon after may not have been looked at in time. */
const REMEMBER_MS = 60_000;

export class TroubledEndpoints {
  readonly #max: number;
  readonly #monotonicMs: () => number;
  /** Endpoint → the moment at which it was last heard of. */
  readonly #noted = new Map<EndpointId, number>();

  constructor(max: number, monotonicMs: () => number) {
    this.#max = max;
    this.#monotonicMs = monotonicMs;
  }

  note(id: EndpointId): void {
    if (isDestinationId(id) || (this.#noted.size >= this.#max && !this.#noted.has(id))) return;
    this.#noted.set(id, this.#monotonicMs());
  }

  /** Nothing waits for it, and it delivers: it is forgotten unless it was heard of just now. */
  looksWell(id: EndpointId): void {
    if (this.#monotonicMs() - (this.#noted.get(id) ?? 0) >= REMEMBER_MS) this.#noted.delete(id);
  }

  all(): readonly EndpointId[] {
    return [...this.#noted.keys()];
  }
}
