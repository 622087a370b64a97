/**
 * An event as a producer hands it in, looked at once: it is refused with what is wrong with it, or stands as it will be
 * stored. Nothing of its data is left out or replaced, and its text is never written anew.
 */
import { isKnownEventType, type ProducedData } from "../catalogue/catalogue.ts";
import { validateData, warningsAbout } from "../catalogue/validate-data.ts";
import { asCheckedText, asEventId } from "../core/brand.ts";
import { type DestinationRequest, readDestinations } from "../core/destination.ts";
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
import { EVENT_DATA_DEPTH_MAX, textProblem, writtenProblem } from "../core/event-text.ts";
import { unwritable } from "../core/json-value.ts";
import type { System } from "../core/system.ts";
import { readTraceContext, traceOf } from "../core/trace-context.ts";

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
  const warnings = isKnownEventType(type) ? insistOnShape(type, text) : [];
  return markChecked({
    type,
    checkedText: asCheckedText(text),
    destinations: read.destinations,
    // The bus' consumers have shapes of their own, which no type's promise covers.
    ...(legacyText !== undefined && { legacyText: asCheckedText(legacyText) }),
    ...(id !== undefined && { id: asEventId(id) }),
    ...(timestamp !== undefined && { timestamp }),
    ...(expiresAt !== undefined && { expiresAt }),
    ...(warnings.length > 0 && { warnings }),
    ...readTraceContext(event.traceparent, event.tracestate),
  });
}

const isEventId = (text: string): boolean => EVENT_ID_PATTERN.test(text);

function insist(expected: string, value: unknown, isGood: (text: string) => boolean): void {
  if (typeof value !== "string" || !isGood(value)) throw invalid(expected, value);
}

/** Looked at as a receiver will read it, so that what is checked is what is sent. */
function insistOnShape(type: string, text: string): readonly string[] {
  const data: unknown = JSON.parse(text);
  const problems = validateData(type, data);
  if (problems.length > 0) throw invalid(`data as "${type}" promises it`, problems.join("; "));
  return warningsAbout(type, data);
}

/** The text of a member that may come as text or as a value; undefined where neither is there. */
function eitherText(event: object, asText: string, asValue: string): string | undefined {
  const [text, value]: readonly unknown[] = [Reflect.get(event, asText), Reflect.get(event, asValue)];
  if (text === undefined)
    return value === undefined ? undefined : sendable(written(value, asValue), asValue, writtenProblem);
  if (value !== undefined) throw invalid(`${asText} or ${asValue}`, "both");
  if (typeof text !== "string") throw invalid(`${asText}: JSON text`, text);
  return sendable(text, asText, textProblem);
}

/** Refuses what the text would not say, instead of leaving it out. */
function written(value: unknown, member: string): string {
  const problem = unwritable(value, EVENT_DATA_DEPTH_MAX + 1);
  if (problem !== null) throw invalid(`${member}: a value that JSON can hold as it is`, problem);
  return JSON.stringify(value);
}

function sendable(text: string, member: string, problemOf: typeof textProblem): string {
  const problem = problemOf(text);
  if (problem === null) return text;
  const { code, expected, got } = problem;
  if (code === "EVENT_INVALID") throw invalid(`${member}: ${expected}`, got);
  const remedy = "send a reference (a URL or an id) instead of the content";
  throw new HookwaveError(code, { expected: `${member} of ${expected}`, got: `${got} bytes`, remedy });
}

export function invalid(expected: string, got: unknown): HookwaveError {
  const remedy = "correct the event; docs/producers.md describes its shape";
  return new HookwaveError("EVENT_INVALID", { expected, got: shown(got), remedy });
}

function shown(got: unknown): string {
  if (got === undefined || got === null) return "nothing";
  return typeof got === "string" ? `"${got.slice(0, 300)}"` : `a value of type ${typeof got}`;
}
