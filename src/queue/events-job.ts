/**
 * Events as a job of the events queue, and the reader of any producer's job. A job holds one event, a list, or our own
 * `{ v, events }`; `data` is an object or JSON text. The job's text is read, never BullMQ's parsed copy, so that `data`
 * keeps its bytes (decision 6). See docs/producers.md.
 */
import { hash } from "node:crypto";
import { z } from "zod";
import { asEventId } from "../core/brand.ts";
import { readDestinations } from "../core/destination.ts";
import { MASK } from "../core/endpoint.ts";
import {
  EVENT_ID_IN_WORDS,
  EVENT_ID_PATTERN,
  EVENT_TYPE_IN_WORDS,
  type EventsBatch,
  isEventType,
  isTime,
  type PublishedEvent,
  TIME_IN_WORDS,
} from "../core/event.ts";
import { textProblem } from "../core/event-text.ts";
import { elementTexts, memberTexts } from "../core/json-text.ts";
import type { Unread } from "../core/stored.ts";
import { readTraceContext } from "../core/trace-context.ts";

/**
 * 1: as first released. 2: with destinations, which a reader of 1 would leave out. 3: with an end, likewise. A job has the
 * lowest version that says all of it, so that older workers do what they can. A trace has no version: without it an event
 * is delivered all the same.
 */
const EVENTS_JOB_VERSION = 3;

export interface EventsJob {
  readonly v: 1 | 2 | 3;
  readonly events: readonly PublishedEvent[];
  /** The job that first claimed these events, when they were split off from it. */
  readonly holder?: string;
  /** Starts of that job that ended in a crash. */
  readonly crashes?: number;
  /** Epoch ms at which these events were stored, where it was in an earlier job: split, or replayed. */
  readonly acceptedAt?: number;
}

export function eventsJob(events: readonly PublishedEvent[]): EventsJob {
  return { v: versionOf(events), events };
}

/** Events of an earlier job: it stays the one that claims them, and by the time that was theirs it is told who is owed them. */
export function eventsJobAgain({ events, holder, acceptedAt }: EventsBatch, crashes = 0): EventsJob {
  return { ...eventsJob(events), holder, acceptedAt, ...(crashes > 0 && { crashes }) };
}

function versionOf(events: readonly PublishedEvent[]): EventsJob["v"] {
  if (events.some(({ expiresAt }) => expiresAt !== undefined)) return 3;
  return events.some(({ destinations }) => destinations !== undefined) ? 2 : 1;
}

export interface Unreadable {
  readonly text: string;
  readonly problem: string;
}

export type ReadEvents =
  | {
      readonly kind: "events";
      readonly events: readonly PublishedEvent[];
      readonly unreadable: readonly Unreadable[];
      readonly holder: string;
      readonly crashes: number;
      /** Epoch ms at which they were stored first. */
      readonly acceptedAt: number;
    }
  | Unread;

interface JobOrigin {
  readonly jobId: string;
  /** Epoch ms at which the job was added. */
  readonly addedAt: number;
}

const eventSchema = z.object({
  id: z.string().regex(EVENT_ID_PATTERN, EVENT_ID_IN_WORDS).optional(),
  // No length check of zod's: it looks at whatever has a length, and throws where that is no number.
  type: z.string().refine(isEventType, EVENT_TYPE_IN_WORDS),
  timestamp: z.string().refine(isTime, TIME_IN_WORDS).optional(),
  data: z.unknown(),
  expiresAt: z.string().refine(isTime, TIME_IN_WORDS).nullish(),
  destinations: z.unknown().optional(),
  legacy: z.object({ data: z.unknown().optional(), isWritten: z.literal(true).optional() }).optional(),
  traceparent: z.unknown().optional(),
  tracestate: z.unknown().optional(),
});

/** The time of a job that does not say when it was added; its replay has a time of its own. */
const UNKNOWN_TIME = 0;
/** The latest that there is a date for. */
const ACCEPTED_AT_MAX = 8_640_000_000_000_000;

const envelopeSchema = z.object({
  v: z.number(),
  events: z.array(z.unknown()),
  holder: z.string().optional(),
  crashes: z.number().optional(),
  acceptedAt: z.int().min(0).max(ACCEPTED_AT_MAX).optional(),
});

export function readEventsJob(text: string, origin: JobOrigin): ReadEvents {
  const value = parsedOrUndefined(text);
  if (value === undefined) return { kind: "unreadable", problem: "the job's data is not JSON" };
  const envelope = envelopeSchema.safeParse(value);
  if (envelope.success && envelope.data.v > EVENTS_JOB_VERSION)
    return { kind: "newer", version: envelope.data.v };
  const parts = split(text, value, envelope.data?.events);
  if (parts.length === 0)
    return { kind: "unreadable", problem: "expected one event or a list, got no event" };
  const events: PublishedEvent[] = [];
  const unreadable: Unreadable[] = [];
  for (const [index, part] of parts.entries()) {
    const read = readEvent(part, origin, index);
    if ("problem" in read) unreadable.push(read);
    else events.push(read);
  }
  const { holder = origin.jobId, crashes = 0, acceptedAt = UNKNOWN_TIME } = envelope.data ?? {};
  const storedAt = acceptedAt === UNKNOWN_TIME ? origin.addedAt : acceptedAt;
  return { kind: "events", events, unreadable, holder, crashes, acceptedAt: storedAt };
}

/** JSON has no undefined. */
function parsedOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

interface Part {
  readonly value: unknown;
  /** Cut out of the job only when somebody needs it: most events carry their data as text. */
  readonly text: () => string;
}

function split(text: string, value: unknown, enveloped: readonly unknown[] | undefined): readonly Part[] {
  const listText = enveloped === undefined ? () => text : () => memberTexts(text).get("events") ?? "[]";
  const list = enveloped ?? value;
  if (!Array.isArray(list)) return [{ value: list, text: listText }];
  let texts: readonly string[] | undefined;
  return list.map((one: unknown, index) => ({
    value: one,
    text: () => {
      texts ??= elementTexts(listText());
      return texts[index] ?? "";
    },
  }));
}

function readEvent(part: Part, origin: JobOrigin, index: number): PublishedEvent | Unreadable {
  const parsed = eventSchema.safeParse(part.value);
  if (!parsed.success) return { text: keptText(part), problem: problemOf(parsed.error) };
  const { id, type, timestamp, expiresAt, data, legacy } = parsed.data;
  const read = readDestinations(parsed.data.destinations);
  if ("problem" in read) return { text: keptText(part), problem: read.problem };
  const dataText = readData(data, part.text, "data");
  if ("problem" in dataText) return dataText;
  const legacyText =
    legacy?.data === undefined ? null : readData(legacy.data, () => legacyIn(part), "legacy.data");
  if (legacyText !== null && "problem" in legacyText) return { ...legacyText, text: part.text() };
  return {
    id: asEventId(id ?? derivedId(origin, index)),
    type,
    timestamp: timestamp ?? new Date(origin.addedAt).toISOString(),
    data: dataText.data,
    ...(typeof expiresAt === "string" && { expiresAt }),
    ...(read.destinations.length > 0 && { destinations: read.destinations }),
    ...(legacy !== undefined && {
      legacy: { ...legacyText, ...(legacy.isWritten === true && { isWritten: true }) },
    }),
    ...readTraceContext(parsed.data.traceparent, parsed.data.tracestate),
  };
}

const legacyIn = (part: Part): string => memberTexts(part.text()).get("legacy") ?? "{}";

/** The JSON text of a member `data`: what it says as text, or itself as it stands in the text around it. */
function readData(
  data: unknown,
  around: () => string,
  member: string,
): { readonly data: string } | Unreadable {
  const text = typeof data === "string" ? data : memberTexts(around()).get("data");
  const unreadable = (got: string): Unreadable => ({ text: around(), problem: `${member}: expected ${got}` });
  if (text === undefined) return unreadable("an object or JSON text, got nothing");
  const problem = textProblem(text);
  return problem === null ? { data: text } : unreadable(`${problem.expected}, got ${problem.got}`);
}

const destinedSchema = z.object({ destinations: z.unknown() });
const WITHHELD = JSON.stringify(MASK);

/** For its letter: without destinations that cannot be read, since what does not belong in them is most often a secret. */
function keptText({ value, text }: Part): string {
  const destined = destinedSchema.safeParse(value);
  if (!destined.success || "destinations" in readDestinations(destined.data.destinations)) return text();
  const members = [...memberTexts(text())].map(
    ([name, member]) => `${JSON.stringify(name)}:${name === "destinations" ? WITHHELD : member}`,
  );
  return `{${members.join(",")}}`;
}

/** A job without ids must have the same ones each time it runs, or a re-run would send every event twice. */
function derivedId(origin: JobOrigin, index: number): string {
  return `evt_${hash("sha256", `${origin.jobId}:${origin.addedAt}:${index}`, "hex").slice(0, 32)}`;
}

function problemOf(error: z.ZodError): string {
  return error.issues
    .map((issue) => `${issue.path.length === 0 ? "event" : issue.path.join(".")}: ${issue.message}`)
    .join("; ")
    .slice(0, 500);
}
