/**
 * Keeps the number of labels of endpoints, and of sources, bounded: 100,000 of them made a scrape of 21 MB (trap 33). The
 * first get a label of their own, the rest share `other`. A destination's id leads nowhere and never comes back, so it has
 * none.
 */
import type { EndpointId, SourceId } from "../core/brand.ts";
import { isDestinationId } from "../core/destination.ts";

export const OTHER = "other";

export class EndpointLabels<Id extends EndpointId | SourceId = EndpointId> {
  readonly #max: number;
  readonly #labelled = new Set<Id>();

  constructor(max: number) {
    this.#max = max;
  }

  /** Its own id or `other`. */
  of(id: Id): string {
    if (this.#labelled.has(id)) return id;
    if (this.#labelled.size >= this.#max || isDestinationId(id)) return OTHER;
    this.#labelled.add(id);
    return id;
  }

  has(id: Id): boolean {
    return this.#labelled.has(id);
  }
}
