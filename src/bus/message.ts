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
  const [, fraction = ""] = /\.(\d+)/.exec(timestamp) ?? [];
  const seconds = new Date(timestamp.replace(/\.\d+/, ""))
    .toISOString()
    .slice(0, "2026-01-31T12:00:00".length);
  return fraction === "" ? seconds : `${seconds}.${fraction.slice(0, 6).padEnd(6, "0")}`;
}
