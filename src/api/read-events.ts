/**
 * Reads a request into events, or refuses it naming everything that is wrong. Each event's `data` is cut out of the
 * body's text as it stands (decision 6): a body is parsed to look at it, and never written again.
 */
import { z } from "zod";
import { validateData, warningsAbout } from "../catalogue/validate-data.ts";
import { asCheckedText, asEventId } from "../core/brand.ts";
import { readDestinations } from "../core/destination.ts";
import {
  type CheckedEvent,
  type Destination,
  EVENT_ID_IN_WORDS,
  EVENT_ID_PATTERN,
  EVENT_TYPE_IN_WORDS,
  isEventType,
  isTime,
  markChecked,
  TIME_IN_WORDS,
} from "../core/event.ts";
import { textProblem } from "../core/event-text.ts";
import { elementTexts, memberTexts } from "../core/json-text.ts";
import { readTraceContext, type TraceContext } from "../core/trace-context.ts";
import { type Flaw, flawsInWords, Refusal } from "./problem.ts";
import { countValues, readJson, unreadable, VALUES_MAX } from "./read-json.ts";

interface PublishRequest {
  /** A list is answered with a list, also when it holds one event. */
  readonly isList: boolean;
  readonly events: readonly CheckedEvent[];
}

export const EVENTS_MAX = 100;
const SHOWN_MAX_CHARS = 40;
/** Of an event, besides those inside them. */
const NAMES_MAX = 50;

/**
 * `body` is the bytes that came, if any; `idempotencyKey` the header's value. `trace` is the request's: of those events
 * that bring none of their own. Throws a Refusal.
 */
export function readEvents(body: unknown, idempotencyKey: unknown, trace?: TraceContext): PublishRequest {
  const { text, value } = readJson(body, "an event or a list of them");
  const key = readKey(idempotencyKey);
  if (!Array.isArray(value))
    return { isList: false, events: readAll([{ value, text, at: "#" }], key, trace) };
  if (value.length === 0 || value.length > EVENTS_MAX) throw wrongCount(value.length);
  if (key !== null) throw keyForMany(value.length);
  const texts = elementTexts(text);
  const parts = value.map((one: unknown, index) => ({
    value: one,
    text: texts[index] ?? "",
    at: `#/${index}`,
  }));
  return { isList: true, events: readAll(parts, null, trace) };
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

function readAll(
  parts: readonly Part[],
  key: string | null,
  trace: TraceContext | undefined,
): readonly CheckedEvent[] {
  const events: CheckedEvent[] = [];
  const flaws: Flaw[] = [];
  for (const part of parts) {
    const read = readEvent(part);
    if ("flaws" in read) flaws.push(...read.flaws);
    else {
      const placed = read.traceparent === undefined ? { ...read, ...trace } : read;
      events.push(markChecked(key === null ? placed : { id: asEventId(key), ...placed }));
    }
  }
  if (flaws.length > 0) throw notPublishable(flaws);
  return events;
}

const eventSchema = z.strictObject({
  type: z.string().refine(isEventType),
  data: z.unknown(),
  id: z.string().regex(EVENT_ID_PATTERN).transform(asEventId).exactOptional(),
  timestamp: z.string().refine(isTime).exactOptional(),
  expires_at: z.string().refine(isTime).exactOptional(),
  destinations: z.unknown().transform(readThem).exactOptional(),
  legacy: z.strictObject({ data: z.unknown() }).exactOptional(),
  traceparent: z.unknown().exactOptional(),
  tracestate: z.unknown().exactOptional(),
});

/** Refuses in the words of their reader, which repeat no value. */
function readThem(value: unknown, context: z.RefinementCtx): readonly Destination[] {
  const read = readDestinations(value);
  if ("destinations" in read) return read.destinations;
  context.addIssue({ code: "custom", message: read.problem });
  return z.NEVER;
}

const MEMBERS = "type, data, id, timestamp, expires_at, destinations, legacy, traceparent and tracestate";

const EXPECTED: ReadonlyMap<PropertyKey | undefined, string> = new Map([
  [undefined, "an object with type and data"],
  ["type", EVENT_TYPE_IN_WORDS],
  ["data", "any JSON value"],
  ["expires_at", TIME_IN_WORDS],
  ["id", EVENT_ID_IN_WORDS],
  ["timestamp", TIME_IN_WORDS],
  ["legacy", "an object with data, for the legacy bus"],
]);

function readEvent({ value, text, at }: Part): CheckedEvent | { readonly flaws: readonly Flaw[] } {
  // zod leaves it out without a word.
  if (Object.hasOwn(Object(value), "__proto__"))
    return {
      flaws: [{ code: "EVENT_INVALID", pointer: at, detail: "expected no member __proto__, got one" }],
    };
  if (hasTooMany(value)) return { flaws: [tooMany(at)] };
  const parsed = eventSchema.safeParse(value, { reportInput: true });
  if (!parsed.success) return { flaws: parsed.error.issues.map((issue) => shapeFlaw(issue, at)) };
  const { data, legacy, expires_at: expiresAt, traceparent, tracestate, ...event } = parsed.data;
  const members = memberTexts(text);
  const dataText = members.get("data") ?? "";
  const legacyText = legacy && (memberTexts(members.get("legacy") ?? "{}").get("data") ?? "");
  const unsendable = [...textFlaws(dataText, `${at}/data`), ...textFlaws(legacyText, `${at}/legacy/data`)];
  if (unsendable.length > 0) return { flaws: unsendable };
  const problems = validateData(event.type, data);
  if (problems.length > 0)
    return { flaws: problems.map((detail) => ({ code: "EVENT_INVALID", pointer: `${at}/data`, detail })) };
  const warnings = warningsAbout(event.type, data);
  return {
    ...event,
    ...(warnings.length > 0 && { warnings }),
    ...(expiresAt !== undefined && { expiresAt }),
    checkedText: asCheckedText(dataText),
    ...(legacyText !== undefined && { legacyText: asCheckedText(legacyText) }),
    ...readTraceContext(traceparent, tracestate),
  };
}

/** Its data aside, which is text here: nobody is told of a hundred thousand members one by one. */
function hasTooMany(event: unknown): boolean {
  if (typeof event !== "object" || event === null) return false;
  if (Object.keys(event).length > NAMES_MAX) return true;
  const { data: _, legacy, ...own } = Object(event);
  const names = [...Object.keys(own), ...Object.keys(Object(legacy))];
  return names.length > NAMES_MAX || countValues(own, VALUES_MAX) > VALUES_MAX;
}

function tooMany(at: string): Flaw {
  const detail = `expected at most ${NAMES_MAX} members, and ${VALUES_MAX} with those inside but for data, got more`;
  return { code: "EVENT_INVALID", pointer: at, detail };
}

function textFlaws(text: string | undefined, pointer: string): readonly Flaw[] {
  const problem = text === undefined ? null : textProblem(text);
  if (problem === null) return [];
  const { code, expected, got } = problem;
  return [{ code, pointer, detail: `expected ${expected}, got ${got}` }];
}

/** A member we do not know is refused: most often it is one of ours misspelt, and would be lost in silence. */
function shapeFlaw(issue: z.core.$ZodIssue, at: string): Flaw {
  const code = "EVENT_INVALID";
  const [member] = issue.path;
  const pointer = [at, ...issue.path.map(String)].join("/");
  if (issue.code === "unrecognized_keys") {
    const known = member === "legacy" ? "data" : MEMBERS;
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
  return new Refusal(count === 0 ? "EVENT_INVALID" : "BODY_TOO_LARGE", {
    expected: `1–${EVENTS_MAX} events`,
    got: `${count}`,
    remedy,
  });
}

function keyForMany(count: number): Refusal {
  const remedy = "give each event of a list its own id instead of the header";
  return unreadable("an Idempotency-Key for one event", `one for a list of ${count}`, remedy);
}
