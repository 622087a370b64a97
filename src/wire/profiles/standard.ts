/**
 * The default profile: the body Standard Webhooks 1.0 recommends, and no headers of its own. The envelope is
 * written as text around `data`, which is never parsed: its bytes are the producer's.
 */
import type { WireProfile } from "../profile.ts";

export const standard: WireProfile = {
  name: "standard",
  body: ({ type, timestamp, data }) =>
    `{"type":${JSON.stringify(type)},"timestamp":${JSON.stringify(timestamp)},"data":${data}}`,
  headers: () => ({}),
  isFinal: () => false,
};
