/**
 * A message of the legacy bus as the event it becomes: which part of it is the data, and which id makes a repetition
 * of it the same event. Pure. It cuts text out and never writes it anew (trap 34).
 */
import { hash } from "node:crypto";
import { EVENT_DATA_MAX_BYTES, EVENT_ID_PATTERN, isTime, TIMESTAMP_PATTERN } from "../core/event.ts";
import { isJsonText, memberTexts } from "../core/json-text.ts";
import type { BridgedEvent } from "./bridge-ports.ts";
import { isNameBased } from "./uuid5.ts";

/** Members of the envelope that hokusai's services write around a payload. */
const ENVELOPE = ["message_id", "message_type", "payload", "timestamp", "retry_count", "max_retries"];
/** Room for the envelope. What is larger holds more data than an event may, and is not even parsed. */
const MESSAGE_MAX_BYTES = EVENT_DATA_MAX_BYTES + 64 * 1_024;

export type ReadMessage =
  | { readonly kind: "event"; readonly event: BridgedEvent }
  /** Hookwave itself has put it onto the bus. */
  | { readonly kind: "own" }
  | { readonly kind: "unreadable"; readonly problem: string };

export function readMessage(bytes: Uint8Array): ReadMessage {
  if (bytes.length > MESSAGE_MAX_BYTES)
    return unreadable(`at most ${MESSAGE_MAX_BYTES} bytes, got ${bytes.length}`);
  const text = textOf(bytes);
  if (text === null) return unreadable("UTF-8, got other bytes");
  if (!isJsonText(text)) return unreadable("JSON, got text that is none");
  const members = membersOf(text);
  const messageId = keyOf(members.get("message_id"));
  if (messageId !== null && isNameBased(messageId)) return { kind: "own" };
  return { kind: "event", event: eventOf(text, members, messageId) };
}

/** A name for a message that can be logged: nothing of it can be read from it. */
export const digestOf = (bytes: Uint8Array): string => hash("sha256", bytes, "hex");

function eventOf(text: string, members: ReadonlyMap<string, string>, messageId: string | null): BridgedEvent {
  const payload = ENVELOPE.every((name) => members.has(name)) ? members.get("payload") : undefined;
  // A text of its own has neither id nor time that would be known to mean what an envelope's do.
  if (payload === undefined)
    return { id: asId(keyOf(members.get("idempotency_key")) ?? sha256(text)), dataText: text };
  const key = keyOf(membersOf(payload).get("idempotency_key"));
  const timestamp = momentOf(members.get("timestamp"));
  return {
    id: asId(key ?? messageId ?? sha256(text)),
    dataText: payload,
    ...(timestamp !== null && { timestamp }),
  };
}

function textOf(bytes: Uint8Array): string | null {
  try {
    // A byte order mark would be dropped silently, and the data would not be the bytes that came.
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

const membersOf = (jsonText: string): ReadonlyMap<string, string> =>
  /^[ \t\n\r]*\{/.test(jsonText) ? memberTexts(jsonText) : new Map();

/** A text that is not empty, or a number as it is written; null for anything else. */
function keyOf(valueText: string | undefined): string | null {
  if (valueText === undefined) return null;
  if (/^-?\d/.test(valueText)) return valueText;
  const value: unknown = JSON.parse(valueText);
  return typeof value === "string" && value !== "" ? value : null;
}

/** The services write UTC without its `Z`. */
function momentOf(valueText: string | undefined): string | null {
  const written = keyOf(valueText) ?? "";
  const moment = TIMESTAMP_PATTERN.test(written) ? written : `${written}Z`;
  return isTime(moment) ? moment : null;
}

const sha256 = (text: string): string => hash("sha256", text, "hex");

const asId = (key: string): string => (EVENT_ID_PATTERN.test(key) ? key : sha256(key));

const unreadable = (expectation: string): ReadMessage => ({
  kind: "unreadable",
  problem: `expected ${expectation}`,
});
