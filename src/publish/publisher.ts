/**
 * Publishing: validate → batch → one durable job. A promise resolves only after Redis has acknowledged the
 * batch that holds its event, as safely as was asked for, and is refused in time when it does not.
 */
import type { EventData } from "../catalogue/catalogue.ts";
import { validateData } from "../catalogue/validate-data.ts";
import { asCheckedText, asEventId, type EventId } from "../core/brand.ts";
import { type DestinationRequest, readDestinations } from "../core/destination.ts";
import { DURABILITIES, type Durability, isDurability } from "../core/durability.ts";
import { HookwaveError } from "../core/errors.ts";
import {
  type CheckedEvent,
  EVENT_DATA_MAX_BYTES,
  EVENT_ID_PATTERN,
  isChecked,
  isEventType,
  isTime,
  markChecked,
  type PublishedEvent,
  TIMESTAMP_PATTERN,
} from "../core/event.ts";
import type { System } from "../core/system.ts";
import { type BatchWriterDeps, openBatchWriter } from "./batch-writer.ts";

export interface NewEvent<Type extends string> {
  readonly type: Type;
  readonly data: EventData<Type>;
  /** The webhook-id of every copy; generated when absent. Publish again with the same one after a refusal. */
  readonly id?: string;
  /** RFC 3339; now when absent. */
  readonly timestamp?: string;
  /** RFC 3339: what is not delivered by then is given up as `expired`. */
  readonly expiresAt?: string;
  /** Receivers this one event goes to besides the endpoints; signed with the key that `keyId` names. */
  readonly destinations?: readonly DestinationRequest[];
  /** The legacy bus gets this instead of `data`, while a service migrates from it. */
  readonly legacyData?: unknown;
}

/** An event whose data is JSON text already, and reaches receivers as exactly these bytes. */
export interface NewTextEvent extends Omit<NewEvent<string>, "data" | "legacyData"> {
  readonly dataText: string;
  /** JSON text for the legacy bus instead of `dataText`, byte for byte. */
  readonly legacyText?: string;
}

/** Either an event that is still to be checked, or one that has been and is not looked at again. */
export type AnyTextEvent = NewTextEvent | CheckedEvent;

export interface Receipt {
  readonly id: EventId;
  /** It is on the legacy bus alone: the store did not answer, and in phase `redis` it need not. No webhook will follow. */
  readonly isOnBusOnly?: true;
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

export interface PublisherDeps extends BatchWriterDeps {
  readonly putOnBus: PutOnBus;
  /** The level of a publish that does not say one. */
  readonly durability: Durability;
  readonly system: System;
}

export function createEventPublisher(deps: PublisherDeps): Publisher {
  const ownDurability = insistDurability(deps.durability);
  const writers = {
    redis: openBatchWriter("redis", deps),
    replicated: openBatchWriter("replicated", deps),
    fsync: openBatchWriter("fsync", deps),
  };
  let isClosed = false;
  const open = new Set<Promise<unknown>>();

  const prepare = (event: NewEvent<string> | AnyTextEvent): PublishedEvent => {
    if (isClosed) throw closed();
    return prepareEvent(event, deps.system);
  };

  const storeAfterBus = async (
    asked: Promise<ReadonlySet<EventId>>,
    events: readonly PublishedEvent[],
    level: Durability,
  ): Promise<readonly Receipt[]> => {
    const written = await asked;
    const marked = events.map((event) => (written.has(event.id) ? markWritten(event) : event));
    try {
      await writers[level].store(marked);
    } catch (error) {
      // The way back to the bus must not depend on the store that one comes back from.
      if (written.size === 0 || events.some(({ id }) => !written.has(id))) throw error;
      return events.map(({ id }) => ({ id, isOnBusOnly: true }));
    }
    return events.map(({ id }) => ({ id }));
  };
  const store = async (events: readonly PublishedEvent[], level: Durability): Promise<readonly Receipt[]> => {
    const asked = deps.putOnBus(events);
    if (asked === null) {
      await writers[level].store(events);
      return events.map(({ id }) => ({ id }));
    }
    const stored = storeAfterBus(asked, events, level);
    open.add(stored);
    try {
      return await stored;
    } finally {
      open.delete(stored);
    }
  };

  return {
    publish: async (event, { durability = ownDurability } = {}) => {
      const prepared = prepare(event);
      const [receipt = { id: prepared.id }] = await store([prepared], insistDurability(durability));
      return receipt;
    },
    publishMany: async (events, { durability = ownDurability } = {}) =>
      await store(events.map(prepare), insistDurability(durability)),
    close: async () => {
      isClosed = true;
      // Those that still ask about the bus have not come to their writers.
      await Promise.allSettled(open);
      await Promise.all(DURABILITIES.map((level) => writers[level].idle()));
    },
  };
}

const markWritten = (event: PublishedEvent): PublishedEvent => ({
  ...event,
  legacy: { ...event.legacy, isWritten: true },
});

/** The event as it would be stored. Throws EVENT_INVALID or EVENT_TOO_LARGE. */
export function prepareEvent(event: NewEvent<string> | AnyTextEvent, system: System): PublishedEvent {
  const { type, checkedText, id, timestamp, expiresAt, destinations = [], legacyText } = checkEvent(event);
  return {
    id: id ?? asEventId(`evt_${system.uuid().replaceAll("-", "")}`),
    type,
    timestamp: timestamp ?? new Date(system.now()).toISOString(),
    data: checkedText,
    ...(expiresAt !== undefined && { expiresAt }),
    ...(destinations.length > 0 && { destinations }),
    ...(legacyText !== undefined && { legacy: { data: legacyText } }),
  };
}

/** Throws EVENT_INVALID or EVENT_TOO_LARGE. */
export function checkEvent(event: NewEvent<string> | AnyTextEvent): CheckedEvent {
  if (isChecked(event)) return event;
  const { type, id, timestamp, expiresAt } = event;
  if (!isEventType(type)) throw invalid("type: dotted lower-case words, like job.completed", type);
  if (id !== undefined && !EVENT_ID_PATTERN.test(id))
    throw invalid("id: 1–64 characters of A–Z a–z 0–9 _ -", id);
  if (timestamp !== undefined && !TIMESTAMP_PATTERN.test(timestamp)) {
    throw invalid("timestamp: an RFC 3339 time, like 2026-01-31T12:00:00Z", timestamp);
  }
  if (expiresAt !== undefined && !isTime(expiresAt))
    throw invalid("expiresAt: an RFC 3339 time, like 2026-01-31T12:00:00Z", expiresAt);
  const read = readDestinations(event.destinations);
  if ("problem" in read) throw invalid("destinations that can be used", read.problem);
  const text = "dataText" in event ? checkText(type, event.dataText) : writeData(type, event.data);
  const legacyText = legacyTextOf(event);
  return markChecked({
    type,
    checkedText: asCheckedText(text),
    destinations: read.destinations,
    ...(legacyText !== undefined && { legacyText: asCheckedText(legacyText) }),
    ...(id !== undefined && { id: asEventId(id) }),
    ...(timestamp !== undefined && { timestamp }),
    ...(expiresAt !== undefined && { expiresAt }),
  });
}

/** The bus' consumers have shapes of their own, which no type's promise covers. */
function legacyTextOf(event: NewEvent<string> | NewTextEvent): string | undefined {
  if ("legacyText" in event && event.legacyText !== undefined) {
    parse(event.legacyText, "legacyText");
    return withinSize(event.legacyText);
  }
  if (!("legacyData" in event) || event.legacyData === undefined) return undefined;
  return withinSize(write(event.legacyData, "legacyData"));
}

function writeData(type: string, data: unknown): string {
  const problems = validateData(type, data);
  if (problems.length > 0) throw invalid(`data as "${type}" promises it`, problems.join("; "));
  return withinSize(write(data, "data"));
}

function write(data: unknown, member: string): string {
  const text = JSON.stringify(data);
  if (text === undefined) throw invalid(`${member}: an object that JSON can hold`, typeof data);
  return text;
}

function parse(text: string, member: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid(`${member}: JSON text`, `${text.length} characters that are not JSON`);
  }
}

function checkText(type: string, text: string): string {
  const data = parse(text, "dataText");
  const problems = validateData(type, data);
  if (problems.length > 0) throw invalid(`data as "${type}" promises it`, problems.join("; "));
  return withinSize(text);
}

function withinSize(text: string): string {
  const bytes = Buffer.byteLength(text);
  if (bytes <= EVENT_DATA_MAX_BYTES) return text;
  throw new HookwaveError("EVENT_TOO_LARGE", {
    expected: `data of at most ${EVENT_DATA_MAX_BYTES} bytes`,
    got: `${bytes} bytes`,
    remedy: "send a reference (a URL or an id) instead of the content",
  });
}

function insistDurability(value: Durability): Durability {
  if (isDurability(value)) return value;
  throw new HookwaveError("CONFIG_INVALID", {
    expected: `durability: one of ${DURABILITIES.join(", ")}`,
    got: JSON.stringify(value),
    remedy: "docs/durability.md says what each is worth",
  });
}

function invalid(expected: string, got: string): HookwaveError {
  const remedy = "correct the event; docs/producers.md describes its shape";
  return new HookwaveError("EVENT_INVALID", { expected, got: `"${got.slice(0, 300)}"`, remedy });
}

function closed(): HookwaveError {
  return new HookwaveError("CLOSED", {
    expected: "an open publisher",
    got: "one that has been closed",
    remedy: "close() only when nothing more will be published",
  });
}
