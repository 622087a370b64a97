/**
 * A span around each publish: its event leaves with the place of that span, so that a batch, which holds events of many
 * traces, needs none of its own.
 */
import type { Durability } from "../core/durability.ts";
import type { PublishedEvent } from "../core/event.ts";
import type { BeginPublish } from "./ports.ts";

type Store<Answer> = (events: readonly PublishedEvent[], level: Durability) => Promise<Answer>;

/** The same function where there are no traces. */
export function traced<Answer>(begin: BeginPublish | null, store: Store<Answer>): Store<Answer> {
  if (begin === null) return store;
  return async (events, level) => {
    const spans = events.map(begin);
    const endAll = (error: unknown): void => {
      for (const { end } of spans) end(error);
    };
    try {
      const answer = await store(
        spans.map(({ event }) => event),
        level,
      );
      endAll(null);
      return answer;
    } catch (error) {
      endAll(error);
      throw error;
    }
  };
}
