/**
 * Publishing: validate → batch → one durable job. A promise resolves only after Redis has acknowledged the
 * batch that holds its event, and is refused within a second when it does not (trap 8): it never hangs.
 * Batching happens by itself: while one write is under way, what else is published collects for the next.
 */
import type { EventData } from "../catalogue/catalogue.ts";
import { validateData } from "../catalogue/validate-data.ts";
import { asEventId, type EventId } from "../core/brand.ts";
import { type DestinationRequest, readDestinations } from "../core/destination.ts";
import { HookwaveError } from "../core/errors.ts";
import {
  EVENT_DATA_MAX_BYTES,
  EVENT_ID_PATTERN,
  isEventType,
  type PublishedEvent,
  TIMESTAMP_PATTERN,
} from "../core/event.ts";
import { createGroupCommit } from "../core/group-commit.ts";
import type { Tell } from "../core/happening.ts";
import type { System } from "../core/system.ts";
import type { EnqueueEvents, UntilReady } from "./ports.ts";

export interface NewEvent<Type extends string> {
  readonly type: Type;
  readonly data: EventData<Type>;
  /** The webhook-id of every copy; generated when absent. Publish again with the same one after a refusal. */
  readonly id?: string;
  /** RFC 3339; now when absent. */
  readonly timestamp?: string;
  /** Receivers this one event goes to besides the endpoints; signed with the key that `keyId` names. */
  readonly destinations?: readonly DestinationRequest[];
}

/** An event whose data is JSON text already, and reaches receivers as exactly these bytes. */
export interface NewTextEvent {
  readonly type: string;
  readonly dataText: string;
  readonly id?: string;
  readonly timestamp?: string;
  readonly destinations?: readonly DestinationRequest[];
}

export interface Receipt {
  readonly id: EventId;
}

export interface Publisher {
  /** Resolves once the event is stored; rejects with EVENT_INVALID, EVENT_TOO_LARGE or REDIS_UNAVAILABLE. */
  readonly publish: <Type extends string>(event: NewEvent<Type> | NewTextEvent) => Promise<Receipt>;
  /** Refuses all when one is invalid; after REDIS_UNAVAILABLE any of them may be stored. */
  readonly publishMany: <Type extends string>(
    events: readonly (NewEvent<Type> | NewTextEvent)[],
  ) => Promise<readonly Receipt[]>;
  /** Waits for what is being written; publishing afterwards is refused. */
  readonly close: () => Promise<void>;
}

export interface PublisherDeps {
  readonly enqueue: EnqueueEvents;
  readonly untilReady: UntilReady;
  readonly system: System;
  readonly tell: Tell;
}

const BATCH_EVENTS = 64;
const BATCH_BYTES = 512 * 1_024;
const BATCHES_IN_FLIGHT = 4;
/** So that Redis has work while the next long list is being prepared. */
const FULL_BATCHES_IN_FLIGHT = 12;
/** Few enough to be stored well within the deadline, so that a long list is no reason to be refused. */
const STORED_TOGETHER = 2_048;
/** Refusals come within a second; the last tenth is for the way back to the caller. */
const DEADLINE_MS = 900;

export function createEventPublisher(deps: PublisherDeps): Publisher {
  const { enqueue, untilReady, system, tell } = deps;
  let isClosed = false;

  const batches = createGroupCommit<PublishedEvent>({
    write: async (batch) => {
      await untilReady(DEADLINE_MS);
      await enqueue(batch);
      tell({ kind: "events.published", count: batch.length });
    },
    maxItems: BATCH_EVENTS,
    maxWrites: BATCHES_IN_FLIGHT,
    maxFullWrites: FULL_BATCHES_IN_FLIGHT,
    maxSize: BATCH_BYTES,
    sizeOf: (event) => event.data.length,
  });

  /** Together within one deadline: a timer for each of a thousand events would cost more than storing them. */
  const store = async (events: readonly PublishedEvent[]): Promise<void> => {
    await withinDeadline(Promise.all(events.map(batches.add)), events);
  };

  const prepare = (event: NewEvent<string> | NewTextEvent): PublishedEvent => {
    if (isClosed) throw closed();
    return prepareEvent(event, system);
  };

  return {
    publish: async (event) => {
      const prepared = prepare(event);
      await store([prepared]);
      return { id: prepared.id };
    },
    publishMany: async (events) => {
      const prepared = events.map(prepare);
      for (let at = 0; at < prepared.length; at += STORED_TOGETHER) {
        await store(prepared.slice(at, at + STORED_TOGETHER));
      }
      return prepared.map(({ id }) => ({ id }));
    },
    close: async () => {
      isClosed = true;
      await batches.idle();
    },
  };
}

function prepareEvent(event: NewEvent<string> | NewTextEvent, system: System): PublishedEvent {
  const { type, id, timestamp } = event;
  if (!isEventType(type)) throw invalid("type: dotted lower-case words, like job.completed", type);
  if (id !== undefined && !EVENT_ID_PATTERN.test(id))
    throw invalid("id: 1–64 characters of A–Z a–z 0–9 _ -", id);
  if (timestamp !== undefined && !TIMESTAMP_PATTERN.test(timestamp)) {
    throw invalid("timestamp: an RFC 3339 time, like 2026-01-31T12:00:00Z", timestamp);
  }
  const read = readDestinations(event.destinations);
  if ("problem" in read) throw invalid("destinations that can be used", read.problem);
  return {
    id: asEventId(id ?? `evt_${system.uuid().replaceAll("-", "")}`),
    type,
    timestamp: timestamp ?? new Date(system.now()).toISOString(),
    data: "dataText" in event ? checkText(type, event.dataText) : writeData(type, event.data),
    ...(read.destinations.length > 0 && { destinations: read.destinations }),
  };
}

function writeData(type: string, data: unknown): string {
  const problems = validateData(type, data);
  if (problems.length > 0) throw invalid(`data as "${type}" promises it`, problems.join("; "));
  const text = JSON.stringify(data);
  if (text === undefined) throw invalid("data: an object that JSON can hold", typeof data);
  return withinSize(text);
}

function checkText(type: string, text: string): string {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    throw invalid("dataText: JSON text", `${text.length} characters that are not JSON`);
  }
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

/** The write may still happen after a refusal; publishing again with the same id makes that harmless. */
async function withinDeadline(stored: Promise<unknown>, events: readonly PublishedEvent[]): Promise<void> {
  const tooLate = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => tooLate.reject(new Error(`no acknowledgement within ${DEADLINE_MS} ms`)),
    DEADLINE_MS,
  );
  try {
    await Promise.race([stored, tooLate.promise]);
  } catch (cause) {
    if (cause instanceof HookwaveError) throw cause;
    throw notStored(events, cause);
  } finally {
    clearTimeout(timer);
  }
}

function notStored(events: readonly PublishedEvent[], cause: unknown): HookwaveError {
  const got = cause instanceof Error ? cause.message.slice(0, 200) : "nothing";
  const ids = events.length === 1 ? `id "${events[0]?.id}", which stays` : "ids of your own, which stay";
  const remedy = `check Redis and publish again with ${ids} harmless if it was stored after all`;
  return new HookwaveError(
    "REDIS_UNAVAILABLE",
    { expected: "an acknowledgement from Redis", got, remedy },
    { cause },
  );
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
