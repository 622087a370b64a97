/** An event as the API takes it: JSON text in which the event's data stands as it was given. */

import { asEventId, type EventId } from "../core/brand.ts";
import { isJsonText } from "../core/json-text.ts";
import { unwritable } from "../core/json-value.ts";
import type { NewEvent, NewTextEvent } from "../publish/check-event.ts";
import { ClientError } from "./client-error.ts";

export interface EventText {
  readonly id: EventId;
  readonly text: string;
}

/** The service takes one less. */
const LEVELS_MAX = 64;

/** Throws a ClientError with EVENT_INVALID for what JSON text could not say; all else is for the service to check. */
export function textOfEvent(event: NewEvent<string> | NewTextEvent): EventText {
  if (typeof event !== "object" || event === null) throw invalid("an event", String(event));
  const { id = `evt_${crypto.randomUUID().replaceAll("-", "")}`, expiresAt, ...rest } = event;
  const { data: _, dataText: __, legacyData: ___, legacyText: ____, ...plain } = { ...NO_DATA, ...rest };
  const data = dataOf(event, "dataText", "data");
  if (data === undefined) throw invalid("data: an object that JSON can hold", "nothing");
  const legacy = dataOf(event, "legacyText", "legacyData");
  const members = [
    JSON.stringify({ ...plain, id, expires_at: expiresAt }).slice(1, -1),
    `"data":${data}`,
    ...(legacy === undefined ? [] : [`"legacy":{"data":${legacy}}`]),
  ];
  return { id: asEventId(id), text: `{${members.join(",")}}` };
}

const NO_DATA = { data: undefined, dataText: undefined, legacyData: undefined, legacyText: undefined };

/** Undefined where neither is there. */
function dataOf(event: object, asText: string, asValue: string): string | undefined {
  const [text, value]: readonly unknown[] = [Reflect.get(event, asText), Reflect.get(event, asValue)];
  if (text !== undefined && value !== undefined) throw invalid(`${asText} or ${asValue}`, "both");
  if (text === undefined) return value === undefined ? undefined : written(value, asValue);
  // Text that is none by itself could go on with members of its own; half of a surrogate pair has no bytes.
  if (typeof text === "string" && isJsonText(text) && text.isWellFormed()) return text;
  throw invalid(`${asText}: JSON text`, "something else");
}

function written(value: unknown, member: string): string {
  const problem = unwritable(value, LEVELS_MAX);
  if (problem !== null) throw invalid(`${member}: a value that JSON can hold as it is`, problem);
  return JSON.stringify(value);
}

function invalid(expected: string, got: string): ClientError {
  const remedy = "correct the event; docs/producers.md describes its shape";
  return new ClientError({ code: "EVENT_INVALID", status: null, expected, got, remedy, ids: [] });
}
