/**
 * Publishing: validate → batch → one durable job. A promise resolves only after Redis has acknowledged the
 * batch that holds its event, as safely as was asked for, and is refused in time when it does not.
 */
import { isKnownEventType, type ProducedData } from "../catalogue/catalogue.ts";
import { validateData } from "../catalogue/validate-data.ts";
import { asCheckedText, asEventId, type EventId } from "../core/brand.ts";
import { type DestinationRequest, readDestinations } from "../core/destination.ts";
import { DURABILITIES, type Durability, isDurability } from "../core/durability.ts";
import { HookwaveError } from "../core/errors.ts";
import {
  type CheckedEvent,
  EVENT_ID_IN_WORDS,
  EVENT_ID_PATTERN,
  EVENT_TYPE_IN_WORDS,
  isChecked,
  isEventType,
  isTime,
  markChecked,
  type PublishedEvent,
  TIME_IN_WORDS,
} from "../core/event.ts";
import { EVENT_DATA_DEPTH_MAX, textProblem } from "../core/event-text.ts";
import { unwritable } from "../core/json-value.ts";
import { isOperatorEventType } from "../core/operator-event.ts";
import type { System } from "../core/system.ts";
import { readTraceContext, traceOf } from "../core/trace-context.ts";
import { type BatchWriterDeps, openBatchWriter } from "./batch-writer.ts";
import type { BeginPublish } from "./ports.ts";
import { traced } from "./traced.ts";

export interface NewEvent<Type extends string> {
  readonly type: Type;
  readonly data: ProducedData<Type>;
  /** The webhook-id of every copy; generated when absent. Publish again with the same one after a refusal. */
  readonly id?: string;
  /** RFC 3339; now when absent. */
  readonly timestamp?: string;
  /** RFC 3339: what is not delivered by then is given up as `expired`. */
  readonly expiresAt?: string;
  /** Receivers this one event goes to besides the endpoints; signed with the key that `keyId` names. */
  readonly destinations?: readonly DestinationRequest[];
  /** W3C Trace Context: what the event belongs to, where no OpenTelemetry says so. What cannot be read counts as absent. */
  readonly traceparent?: string;
  readonly tracestate?: string;
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

interface PublisherDeps extends BatchWriterDeps {
  readonly putOnBus: PutOnBus;
  /** The level of a publish that does not say one. */
  readonly durability: Durability;
  /** Null where there are no traces. */
  readonly beginSpan: BeginPublish | null;
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
    return insistOnProducers(prepareEvent(event, deps.system));
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
  const store = traced(deps.beginSpan, async (events, level): Promise<readonly Receipt[]> => {
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
  });

  return {
    publish: async (event, { durability = ownDurability } = {}) => {
      const prepared = prepare(event);
      const [receipt = { id: prepared.id }] = await store([prepared], insistDurability(durability));
      return receipt;
    },
    publishMany: async (events, { durability = ownDurability } = {}) => {
      if (!Array.isArray(events)) throw invalid("a list of events", events);
      return await store(events.map(prepare), insistDurability(durability));
    },
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
  const checked = checkEvent(event);
  const { type, checkedText, id, timestamp, expiresAt, destinations = [], legacyText } = checked;
  return {
    id: id ?? asEventId(`evt_${system.uuid().replaceAll("-", "")}`),
    type,
    timestamp: timestamp ?? new Date(system.now()).toISOString(),
    data: checkedText,
    ...(expiresAt !== undefined && { expiresAt }),
    ...(destinations.length > 0 && { destinations }),
    ...(legacyText !== undefined && { legacy: { data: legacyText } }),
    ...traceOf(checked),
  };
}

/** Throws EVENT_INVALID or EVENT_TOO_LARGE: of a producer without types, anything may come. */
export function checkEvent(event: NewEvent<string> | AnyTextEvent): CheckedEvent {
  if (typeof event !== "object" || event === null)
    throw invalid("an event: an object with type and data", event);
  if (isChecked(event)) return event;
  const { type, id, timestamp, expiresAt } = event;
  insist(`type: ${EVENT_TYPE_IN_WORDS}`, type, isEventType);
  if (id !== undefined) insist(`id: ${EVENT_ID_IN_WORDS}`, id, isEventId);
  if (timestamp !== undefined) insist(`timestamp: ${TIME_IN_WORDS}`, timestamp, isTime);
  if (expiresAt !== undefined) insist(`expiresAt: ${TIME_IN_WORDS}`, expiresAt, isTime);
  const read = readDestinations(event.destinations);
  if ("problem" in read) throw invalid("destinations that can be used", read.problem);
  const text = eitherText(event, "dataText", "data");
  if (text === undefined) throw invalid("data: an object that JSON can hold", undefined);
  const legacyText = eitherText(event, "legacyText", "legacyData");
  if (isKnownEventType(type)) insistOnShape(type, text);
  return markChecked({
    type,
    checkedText: asCheckedText(text),
    destinations: read.destinations,
    // The bus' consumers have shapes of their own, which no type's promise covers.
    ...(legacyText !== undefined && { legacyText: asCheckedText(legacyText) }),
    ...(id !== undefined && { id: asEventId(id) }),
    ...(timestamp !== undefined && { timestamp }),
    ...(expiresAt !== undefined && { expiresAt }),
    ...readTraceContext(event.traceparent, event.tracestate),
  });
}

const isEventId = (text: string): boolean => EVENT_ID_PATTERN.test(text);

function insist(expected: string, value: unknown, isGood: (text: string) => boolean): void {
  if (typeof value !== "string" || !isGood(value)) throw invalid(expected, value);
}

/** Looked at as a receiver will read it, so that what is checked is what is sent. */
function insistOnShape(type: string, text: string): void {
  const problems = validateData(type, JSON.parse(text));
  if (problems.length > 0) throw invalid(`data as "${type}" promises it`, problems.join("; "));
}

/** The text of a member that may come as text or as a value; undefined where neither is there. */
function eitherText(event: object, asText: string, asValue: string): string | undefined {
  const [text, value]: readonly unknown[] = [Reflect.get(event, asText), Reflect.get(event, asValue)];
  if (text === undefined) return value === undefined ? undefined : sendable(written(value, asValue), asValue);
  if (value !== undefined) throw invalid(`${asText} or ${asValue}`, "both");
  if (typeof text !== "string") throw invalid(`${asText}: JSON text`, text);
  return sendable(text, asText);
}

/** Refuses what the text would not say, instead of leaving it out. */
function written(value: unknown, member: string): string {
  const problem = unwritable(value, EVENT_DATA_DEPTH_MAX + 1);
  if (problem !== null) throw invalid(`${member}: a value that JSON can hold as it is`, problem);
  return JSON.stringify(value);
}

function sendable(text: string, member: string): string {
  const problem = textProblem(text);
  if (problem === null) return text;
  const { code, expected, got } = problem;
  if (code === "EVENT_INVALID") throw invalid(`${member}: ${expected}`, got);
  const remedy = "send a reference (a URL or an id) instead of the content";
  throw new HookwaveError(code, { expected: `${member} of ${expected}`, got: `${got} bytes`, remedy });
}

function insistDurability(value: Durability): Durability {
  if (isDurability(value)) return value;
  throw new HookwaveError("CONFIG_INVALID", {
    expected: `durability: one of ${DURABILITIES.join(", ")}`,
    got: JSON.stringify(value),
    remedy: "docs/durability.md says what each is worth",
  });
}

function invalid(expected: string, got: unknown): HookwaveError {
  const remedy = "correct the event; docs/producers.md describes its shape";
  return new HookwaveError("EVENT_INVALID", { expected, got: shown(got), remedy });
}

/** An operator who acts on what Hookwave says of an endpoint must not act on what a producer says. */
function insistOnProducers(event: PublishedEvent): PublishedEvent {
  if (!isOperatorEventType(event.type)) return event;
  throw new HookwaveError("EVENT_INVALID", {
    expected: "type: one that Hookwave does not publish of itself",
    got: `"${event.type}"`,
    remedy: "give the event another type; to see how a receiver takes this one, test its endpoint with it",
  });
}

function shown(got: unknown): string {
  if (got === undefined || got === null) return "nothing";
  return typeof got === "string" ? `"${got.slice(0, 300)}"` : `a value of type ${typeof got}`;
}

function closed(): HookwaveError {
  return new HookwaveError("CLOSED", {
    expected: "an open publisher",
    got: "one that has been closed",
    remedy: "close() only when nothing more will be published",
  });
}
