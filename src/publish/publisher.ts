/**
 * Publishing: validate → batch → one durable job. A promise resolves only after Redis has acknowledged the
 * batch that holds its event, as safely as was asked for, and is refused in time when it does not.
 */
import type { EventId } from "../core/brand.ts";
import { DURABILITIES, type Durability, isDurability } from "../core/durability.ts";
import { HookwaveError } from "../core/errors.ts";
import type { CheckedEvent, PublishedEvent } from "../core/event.ts";
import type { Tell } from "../core/happening.ts";
import { isOperatorEventType } from "../core/operator-event.ts";
import { byShard, mapShards, type Shards } from "../core/shards.ts";
import type { System } from "../core/system.ts";
import { type EventStore, openBatchWriter } from "./batch-writer.ts";
import { type AnyTextEvent, checkEvent, invalid, type NewEvent, prepareEvent } from "./check-event.ts";
import type { BeginPublish } from "./ports.ts";
import { traced } from "./traced.ts";

export interface Receipt {
  readonly id: EventId;
  /** It is on the legacy bus alone: the store did not answer, and in phase `redis` it need not. No webhook will follow. */
  readonly isOnBusOnly?: true;
  /** Findings about its data that its receivers bear, as `path: expected …, got …`; absent where there are none. */
  readonly warnings?: readonly string[];
}

export interface PublishOptions {
  /** The durability at which the promise resolves; the publisher's own when absent. docs/durability.md */
  readonly durability?: Durability;
}

export interface Publisher {
  /**
   * Resolves once the event is stored; rejects with EVENT_INVALID, EVENT_TOO_LARGE, REDIS_UNAVAILABLE or
   * DURABILITY_UNMET, and in phase `redis` with BUS_UNAVAILABLE. After the last three it may be stored: publish again
   * with the same id.
   */
  readonly publish: <Type extends string>(
    event: NewEvent<Type> | AnyTextEvent,
    options?: PublishOptions,
  ) => Promise<Receipt>;
  /** Refuses all when one is invalid; after REDIS_UNAVAILABLE or DURABILITY_UNMET any of them may be stored. */
  readonly publishMany: <Type extends string>(
    events: readonly (NewEvent<Type> | AnyTextEvent)[],
    options?: PublishOptions,
  ) => Promise<readonly Receipt[]>;
  /** Waits for what is being written; publishing afterwards is refused. */
  readonly close: () => Promise<void>;
}

/**
 * Resolves with those that the legacy bus has before they are stored; rejects with BUS_UNAVAILABLE where one has to be on
 * it and is not. Null at once where the bus takes none of these, whatever the phase: most publishes have nothing to wait
 * for.
 */
export type PutOnBus = (events: readonly PublishedEvent[]) => Promise<ReadonlySet<EventId>> | null;

interface PublisherDeps {
  readonly putOnBus: PutOnBus;
  /** Batches of each are its own: a job lies in one shard with all of its events. */
  readonly stores: Shards<EventStore>;
  /** The level of a publish that does not say one. */
  readonly durability: Durability;
  /** Null where there are no traces. */
  readonly beginSpan: BeginPublish | null;
  readonly system: System;
  readonly tell: Tell;
}

export function createEventPublisher(deps: PublisherDeps): Publisher {
  const ownDurability = insistDurability(deps.durability);
  const shards = mapShards(deps.stores, (store) => openWriters(store, deps.tell));
  const write = writeInto(shards);
  let isClosed = false;
  const open = new Set<Promise<unknown>>();

  const check = (event: NewEvent<string> | AnyTextEvent): CheckedEvent => {
    if (isClosed) throw closed();
    return insistOnProducers(checkEvent(event));
  };
  const prepare = (event: CheckedEvent): PublishedEvent => prepareEvent(event, deps.system);

  const storeAfterBus = async (
    asked: Promise<ReadonlySet<EventId>>,
    events: readonly PublishedEvent[],
    level: Durability,
  ): Promise<readonly Receipt[]> => {
    const written = await asked;
    const marked = events.map((event) => (written.has(event.id) ? markWritten(event) : event));
    try {
      await write(marked, level);
    } catch (error) {
      // The way back to the bus must not depend on the store that one comes back from.
      if (written.size === 0 || events.some(({ id }) => !written.has(id))) throw error;
      return events.map(({ id }) => ({ id, isOnBusOnly: true }));
    }
    return events.map(({ id }) => ({ id }));
  };
  const store = traced(deps.beginSpan, async (events, level): Promise<readonly Receipt[]> => {
    const asked = deps.putOnBus(events);
    if (asked === null) {
      await write(events, level);
      return events.map(({ id }) => ({ id }));
    }
    const stored = storeAfterBus(asked, events, level).finally(() => open.delete(stored));
    open.add(stored);
    return await stored;
  });

  return {
    publish: async (event, { durability = ownDurability } = {}) => {
      const checked = check(event);
      const prepared = prepare(checked);
      const [receipt = { id: prepared.id }] = await store([prepared], insistDurability(durability));
      return withWarnings(receipt, checked);
    },
    publishMany: async (events, { durability = ownDurability } = {}) => {
      if (!Array.isArray(events)) throw invalid("a list of events", events);
      const checked = events.map(check);
      const receipts = await store(checked.map(prepare), insistDurability(durability));
      return receipts.map((receipt, index) => withWarnings(receipt, checked[index]));
    },
    close: async () => {
      isClosed = true;
      // Those that still ask about the bus have not come to their writers.
      await Promise.allSettled(open);
      const all = shards.all.flatMap((writers) => DURABILITIES.map((level) => writers[level]));
      await Promise.all(all.map((writer) => writer.idle()));
    },
  };
}

/** Refused where any of its shards has refused; the others may have theirs. */
function writeInto(shards: Shards<Writers>) {
  const [only] = shards.all;
  return async (events: readonly PublishedEvent[], level: Durability): Promise<void> => {
    if (shards.all.length === 1) return await only[level].store(events);
    const parts = byShard(shards, events, ({ id }) => id);
    await Promise.all([...parts].map(([writers, own]) => writers[level].store(own)));
  };
}

type Writers = ReturnType<typeof openWriters>;

const openWriters = (store: EventStore, tell: Tell) => ({
  redis: openBatchWriter("redis", store, tell),
  replicated: openBatchWriter("replicated", store, tell),
  fsync: openBatchWriter("fsync", store, tell),
});

const markWritten = (event: PublishedEvent): PublishedEvent => ({
  ...event,
  legacy: { ...event.legacy, isWritten: true },
});

const withWarnings = (receipt: Receipt, { warnings }: Pick<CheckedEvent, "warnings"> = {}): Receipt =>
  warnings === undefined ? receipt : { ...receipt, warnings };

function insistDurability(value: Durability): Durability {
  if (isDurability(value)) return value;
  throw new HookwaveError("CONFIG_INVALID", {
    expected: `durability: one of ${DURABILITIES.join(", ")}`,
    got: JSON.stringify(value),
    remedy: "docs/durability.md says what each is worth",
  });
}

/** An operator who acts on what Hookwave says of an endpoint must not act on what a producer says. */
function insistOnProducers(event: CheckedEvent): CheckedEvent {
  if (!isOperatorEventType(event.type)) return event;
  throw new HookwaveError("EVENT_INVALID", {
    expected: "type: one that Hookwave does not publish of itself",
    got: `"${event.type}"`,
    remedy: "give the event another type; to see how a receiver takes this one, test its endpoint with it",
  });
}

function closed(): HookwaveError {
  return new HookwaveError("CLOSED", {
    expected: "an open publisher",
    got: "one that has been closed",
    remedy: "close() only when nothing more will be published",
  });
}
