/**
 * Reads a request into events, or refuses it naming everything that is wrong. Each event's `data` is cut out of the
 * body's text as it stands (decision 6): a body is parsed to look at it, and never written again.
 */
import { z } from "zod";
import { validateData } from "../catalogue/validate-data.ts";
import { asCheckedText, asEventId } from "../core/brand.ts";
import { readDestinations } from "../core/destination.ts";
import {
  type CheckedEvent,
  type Destination,
  EVENT_DATA_MAX_BYTES,
  EVENT_ID_PATTERN,
  isEventType,
  isTime,
  markChecked,
  TIMESTAMP_PATTERN,
} from "../core/event.ts";
import { elementTexts, memberTexts } from "../core/json-text.ts";
import { type Flaw, flawsInWords, Refusal } from "./problem.ts";
import { readJson, unreadable } from "./read-json.ts";

export interface PublishRequest {
  /** A list is answered with a list, also when it holds one event. */
  readonly isList: boolean;
  readonly events: readonly CheckedEvent[];
}

export const EVENTS_MAX = 100;
const SHOWN_MAX_CHARS = 40;

/** `body` is the bytes that came, if any; `idempotencyKey` the header's value. Throws a Refusal. */
export function readEvents(body: unknown, idempotencyKey: unknown): PublishRequest {
  const { text, value } = readJson(body, "an event or a list of them");
  const key = readKey(idempotencyKey);
  if (!Array.isArray(value)) return { isList: false, events: readAll([{ value, text, at: "#" }], key) };
  if (value.length === 0 || value.length > EVENTS_MAX) throw wrongCount(value.length);
  if (key !== null) throw keyForMany(value.length);
  const texts = elementTexts(text);
  const parts = value.map((one: unknown, index) => ({
    value: one,
    text: texts[index] ?? "",
    at: `#/${index}`,
  }));
  return { isList: true, events: readAll(parts, null) };
}

/** As a structured-field string, which the header's draft wants, or bare, which most clients send. */
function readKey(header: unknown): string | null {
  if (header === undefined) return null;
  const key = typeof header === "string" ? header.replace(/^"(.*)"$/, "$1") : "";
  if (EVENT_ID_PATTERN.test(key)) return key;
  throw unreadable(`Idempotency-Key: ${EXPECTED.get("id")}`, show(header), "it becomes the event's id");
}

interface Part {
  readonly value: unknown;
  readonly text: string;
  /** JSON pointer of the event in the body. */
  readonly at: string;
}

function readAll(parts: readonly Part[], key: string | null): readonly CheckedEvent[] {
  const events: CheckedEvent[] = [];
  const flaws: Flaw[] = [];
  for (const part of parts) {
    const read = readEvent(part);
    if ("flaws" in read) flaws.push(...read.flaws);
    else events.push(markChecked(key === null ? read : { id: asEventId(key), ...read }));
  }
  if (flaws.length > 0) throw notPublishable(flaws);
  return events;
}

const eventSchema = z.strictObject({
  type: z.string().refine(isEventType),
  data: z.unknown(),
  id: z.string().regex(EVENT_ID_PATTERN).transform(asEventId).exactOptional(),
  timestamp: z.string().regex(TIMESTAMP_PATTERN).exactOptional(),
  expires_at: z.string().refine(isTime).exactOptional(),
  destinations: z.unknown().transform(readThem).exactOptional(),
  legacy: z.strictObject({ data: z.unknown() }).exactOptional(),
});

/** Refuses in the words of their reader, which repeat no value. */
function readThem(value: unknown, context: z.RefinementCtx): readonly Destination[] {
  const read = readDestinations(value);
  if ("destinations" in read) return read.destinations;
  context.addIssue({ code: "custom", message: read.problem });
  return z.NEVER;
}

const EXPECTED: ReadonlyMap<PropertyKey | undefined, string> = new Map([
  [undefined, "an object with type and data"],
  ["type", "dotted lower-case words, like job.completed"],
  ["data", "any JSON value"],
  ["expires_at", "an RFC 3339 time, like 2026-01-31T12:00:00Z"],
  ["id", "1–64 characters of A–Z a–z 0–9 _ -"],
  ["timestamp", "an RFC 3339 time, like 2026-01-31T12:00:00Z"],
  ["legacy", "an object with data, for the legacy bus"],
]);

function readEvent({ value, text, at }: Part): CheckedEvent | { readonly flaws: readonly Flaw[] } {
  const parsed = eventSchema.safeParse(value, { reportInput: true });
  if (!parsed.success) return { flaws: parsed.error.issues.map((issue) => shapeFlaw(issue, at)) };
  const { data, legacy, expires_at: expiresAt, ...event } = parsed.data;
  const members = memberTexts(text);
  const dataText = members.get("data") ?? "";
  const legacyText = legacy && (memberTexts(members.get("legacy") ?? "{}").get("data") ?? "");
  const oversized = [...sizeFlaws(dataText, `${at}/data`), ...sizeFlaws(legacyText, `${at}/legacy/data`)];
  if (oversized.length > 0) return { flaws: oversized };
  const problems = validateData(event.type, data);
  if (problems.length > 0)
    return { flaws: problems.map((detail) => ({ code: "EVENT_INVALID", pointer: `${at}/data`, detail })) };
  return {
    ...event,
    ...(expiresAt !== undefined && { expiresAt }),
    checkedText: asCheckedText(dataText),
    ...(legacyText !== undefined && { legacyText: asCheckedText(legacyText) }),
  };
}

function sizeFlaws(text: string | undefined, pointer: string): readonly Flaw[] {
  const bytes = Buffer.byteLength(text ?? "");
  if (bytes <= EVENT_DATA_MAX_BYTES) return [];
  const detail = `expected at most ${EVENT_DATA_MAX_BYTES} bytes, got ${bytes}`;
  return [{ code: "EVENT_TOO_LARGE", pointer, detail }];
}

/** A member we do not know is refused: most often it is one of ours misspelt, and would be lost in silence. */
function shapeFlaw(issue: z.core.$ZodIssue, at: string): Flaw {
  const code = "EVENT_INVALID";
  const [member] = issue.path;
  const pointer = [at, ...issue.path.map(String)].join("/");
  if (issue.code === "unrecognized_keys") {
    const known =
      member === "legacy" ? "data" : "type, data, id, timestamp, expires_at, destinations and legacy";
    return { code, pointer, detail: `expected only ${known}, got ${issue.keys.map(show).join(", ")}` };
  }
  if (member === "destinations") return { code, pointer, detail: issue.message };
  return { code, pointer, detail: `expected ${EXPECTED.get(issue.path.at(-1))}, got ${show(issue.input)}` };
}

function show(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object" && value !== null) return "an object";
  return typeof value === "string" ? JSON.stringify(value.slice(0, SHOWN_MAX_CHARS)) : String(value);
}

function notPublishable(flaws: readonly Flaw[]): Refusal {
  const code = flaws.every((one) => one.code === "EVENT_TOO_LARGE") ? "EVENT_TOO_LARGE" : "EVENT_INVALID";
  const remedy = "correct them and publish again; nothing was published (docs/producers.md)";
  const complaint = { expected: "events that can be delivered", got: flawsInWords(flaws), remedy };
  return new Refusal(code, complaint, flaws);
}

function wrongCount(count: number): Refusal {
  const remedy = "publish in several requests; nothing was published";
  return new Refusal("EVENT_INVALID", { expected: `1–${EVENTS_MAX} events`, got: `${count}`, remedy });
}

function keyForMany(count: number): Refusal {
  const remedy = "give each event of a list its own id instead of the header";
  return unreadable("an Idempotency-Key for one event", `one for a list of ${count}`, remedy);
}
