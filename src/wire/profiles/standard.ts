/**
 * The default profile: the body Standard Webhooks 1.0 recommends, and no headers of its own. The envelope is
 * written as text around `data`, which is never parsed: its bytes are the producer's.
 */
import type { WireProfile } from "../profile.ts";

export const standard: WireProfile = {
  body: ({ type, timestamp, data }) =>
    `{"type":${JSON.stringify(type)},"timestamp":${JSON.stringify(timestamp)},"data":${data}}`,
  headers: () => ({}),
  isFinal: () => false,
  verification:
    "webhook-signature is `v1,` and the base64 HMAC-SHA256 of `<webhook-id>.<webhook-timestamp>.<raw body>`; " +
    "the key is what follows `whsec_`, decoded from base64, or else the secret's text (one that begins with " +
    "`whsk_` signs with Ed25519 instead, as `v1a,`)",
};
