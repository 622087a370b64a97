/** Name-based UUIDs (RFC 9562, 5.5): the same name always has the same one, so that a consumer can tell a repetition. */
import { hash } from "node:crypto";

/** The namespace for object identifiers (RFC 9562, 6.6), as Python's `uuid.NAMESPACE_OID`. */
const NAMESPACE_OID = Buffer.from("6ba7b8129dad11d180b400c04fd430c8", "hex");

/** The `message_id` of an event on the bus: `uuid.uuid5(uuid.NAMESPACE_OID, event_id)` in Python. */
export function messageIdOf(eventId: string): string {
  const hex = hash("sha1", Buffer.concat([NAMESPACE_OID, Buffer.from(eventId)]), "hex");
  // The version, 5, replaces a digit; the variant, binary 10, the upper half of another.
  const variant = "89ab"[Number.parseInt(hex.slice(16, 17), 16) & 0x3] ?? "";
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** True for an id that was made from a name: the bus' own consumers and producers give random ones (version 4). */
export const isNameBased = (uuid: string): boolean =>
  /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i.test(uuid);
