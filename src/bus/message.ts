/**
 * An event as the bus' consumers read it: in a list wrapped in the six members of a hokusai message, on a channel bare.
 * The payload is the producer's own text (decision 6). One known consumer builds a dataclass of the envelope, so a
 * seventh member would make it fail.
 */
import type { PublishedEvent } from "../core/event.ts";
import type { BusTarget } from "./target.ts";
import { messageIdOf } from "./uuid5.ts";

/** The consumers' own names of message types; other events keep theirs. */
const MESSAGE_TYPES: ReadonlyMap<string, string> = new Map([["model.registered", "model_ready_to_deploy"]]);

export const payloadOf = ({ legacy, data }: PublishedEvent): string => legacy?.data ?? data;

export function listEntry(event: PublishedEvent, envelope: BusTarget["envelope"]): string {
  const payload = payloadOf(event);
  if (envelope === "none") return payload;
  const type = MESSAGE_TYPES.get(event.type) ?? event.type;
  return `{"message_id": "${messageIdOf(event.id)}", "message_type": "${type}", "payload": ${payload}, "timestamp": "${withoutZone(event.timestamp)}", "retry_count": 0, "max_retries": 3}`;
}

/** Python before 3.11 reads neither a `Z` nor a fraction of any number of digits but three and six. */
function withoutZone(timestamp: string): string {
  const own = OWN_FORM.exec(timestamp)?.[1];
  if (own !== undefined) return `${own}000`;
  const [, fraction = ""] = /\.(\d+)/.exec(timestamp) ?? [];
  // There is no leap second in Python, nor in JavaScript.
  const at = new Date(timestamp.replace(/\.\d+/, "").replace(/:60(?=Z|[+-])/, ":59"));
  const seconds = secondsOf(at) ?? NO_TIME;
  return fraction === "" ? seconds : `${seconds}.${fraction.slice(0, 6).padEnd(6, "0")}`;
}

/** As our own publishers write the time, on a day that every month has: nothing but its zone has to go. */
const OWN_FORM =
  /^((?!0000)\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3})Z$/;

/** For hours like 25: a batch must not fail, again and again, because one producer wrote something that is no time. */
const NO_TIME = "1970-01-01T00:00:00";

/** Null outside of Python's years, 1 to 9999. */
function secondsOf(at: Date): string | null {
  if (Number.isNaN(at.getTime())) return null;
  return /^(?!0000)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.exec(at.toISOString())?.[0] ?? null;
}
