/** A shelf of the bus in memory, with the promises of the real one. */
import type { KeptEvent, Shelf } from "../../../src/bus/ports.ts";
import { asEventId } from "../../../src/core/brand.ts";

export interface MemoryShelf extends Shelf {
  readonly ids: () => readonly string[];
  readonly dueAt: (id: string) => number | undefined;
}

export function memoryShelf(): MemoryShelf {
  let places = 0;
  const entries = new Map<string, { readonly kept: KeptEvent; readonly at: number }>();
  const ordered = () => [...entries.values()].toSorted((one, other) => one.at - other.at);
  return {
    add: async (kept, dueAt) => {
      places += 1;
      for (const one of kept) {
        const at = entries.get(one.event.id)?.at ?? dueAt(one);
        entries.set(one.event.id, { kept: { ...one, place: `${places}` }, at });
      }
    },
    due: async (untilMs, most, skipped = 0) =>
      ordered()
        .filter(({ at }) => at <= untilMs)
        .slice(skipped, skipped + most)
        .map(({ kept }) => kept),
    remove: async (ids) => {
      for (const id of ids) entries.delete(id);
    },
    take: async (found) => {
      for (const { event, place } of found)
        if (entries.get(event.id)?.kept.place === place) entries.delete(event.id);
    },
    count: async (untilMs = Number.POSITIVE_INFINITY) => ordered().filter(({ at }) => at <= untilMs).length,
    ids: () => ordered().map(({ kept }) => kept.event.id),
    dueAt: (id) => entries.get(id)?.at,
  };
}

/** An event that was accepted then. */
export const keptAt = (id: string, acceptedAt = 0, type = "model.registered"): KeptEvent => ({
  event: { id: asEventId(id), type, timestamp: "2026-01-31T12:00:00Z", data: "{}" },
  holder: "1",
  acceptedAt,
});
