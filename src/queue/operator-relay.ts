/**
 * Publishes what operators are to be told: takes facts, makes events of them, and removes them once those are jobs. Several
 * processes may do so at once, and one may die in between: an event has the same id and the same job each time, and is
 * claimed in one name, so that it is delivered as once. One that cannot be a job now keeps nothing from the others.
 */
import type { KeptEvent } from "../bus/ports.ts";
import type { EndpointId, EventId } from "../core/brand.ts";
import type { Endpoint } from "../core/endpoint.ts";
import type { PublishedEvent } from "../core/event.ts";
import { type Tell, tellFailure } from "../core/happening.ts";
import { operatorEvent } from "../endpoints/operator-events.ts";
import type { OperatorFacts } from "./ports.ts";

export interface OperatorRelay {
  readonly start: () => void;
  /** There is something new: it need not wait for the next look. */
  readonly look: () => void;
  /** Resolves when what was under way is done. */
  readonly stop: () => Promise<void>;
}

interface OperatorRelayDeps {
  readonly facts: OperatorFacts;
  /** As it is now. */
  readonly findEndpoint: (id: EndpointId) => Promise<Endpoint | undefined>;
  /** Is there anybody who gets this one? */
  readonly isOwed: (event: PublishedEvent, acceptedAt: number) => boolean;
  /** Resolves with those that are jobs now. */
  readonly enqueue: (kept: readonly KeptEvent[]) => Promise<ReadonlySet<EventId>>;
  readonly tell: Tell;
}

const LOOK_EVERY_MS = 1_000;
const STEP = 64;
/** The name in which they are all claimed. */
const HOLDER = "operator-events";

export function createOperatorRelay(deps: OperatorRelayDeps): OperatorRelay {
  const fail = tellFailure(deps.tell, "tell_operators");
  let timer: NodeJS.Timeout | undefined;
  let working: Promise<void> | null = null;
  let isAsked = false;
  let isStopped = false;

  const work = async (): Promise<void> => {
    do {
      isAsked = false;
      let next: string | null = null;
      do next = await publishSome(deps, next);
      while (next !== null && !isStopped);
    } while (isAsked && !isStopped);
  };
  const look = (): void => {
    isAsked = true;
    working ??= work()
      .catch(fail)
      .finally(() => {
        working = null;
      });
  };
  return {
    start: () => {
      timer = setInterval(look, LOOK_EVERY_MS).unref();
      look();
    },
    look,
    stop: async () => {
      isStopped = true;
      clearInterval(timer);
      await working;
    },
  };
}

/** A fact whose event no shard takes now stays, and the round goes on behind it. Resolves with where. */
async function publishSome(
  { facts, findEndpoint, isOwed, enqueue, tell }: OperatorRelayDeps,
  after: string | null,
): Promise<string | null> {
  const { some, next } = await facts.some(STEP, after);
  const kept: KeptEvent[] = [];
  for (const { id, fact } of some) {
    if (fact === null) continue;
    const event = operatorEvent(id, fact, await findEndpoint(fact.endpointId));
    if (event !== null && isOwed(event, fact.at)) kept.push({ event, holder: HOLDER, acceptedAt: fact.at });
  }
  const published = kept.length > 0 ? await enqueue(kept) : new Set<EventId>();
  if (published.size > 0) tell({ kind: "events.published", count: published.size });
  const left = new Set(kept.flatMap(({ event: { id } }) => (published.has(id) ? [] : [id])));
  await facts.remove(some.flatMap(({ id }) => (left.has(id) ? [] : [id])));
  return next;
}
