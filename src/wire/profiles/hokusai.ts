/**
 * The model registry's receivers: the event's data is the body, signed as hex in `X-Hokusai-Signature`, on
 * request together with a timestamp and a nonce.
 */
import type { PublishedEvent } from "../../core/event.ts";
import { memberTexts } from "../../core/json-text.ts";
import type { Signing, WireProfile } from "../profile.ts";
import { singleSignature } from "../single-signature.ts";

const HEADER_SAFE = /^[\x21-\x7e]{1,256}$/;

export const hokusai: WireProfile = {
  body: (event) => event.data,
  headers: (event, body, signing) => ({
    ...signatureHeaders(body, signing),
    "X-Hokusai-Idempotency-Key": idempotencyKey(event),
  }),
  isFinal: () => false,
  verification:
    "X-Hokusai-Signature is the hex HMAC-SHA256 of the raw body, or with replay protection of " +
    "`<X-Hokusai-Timestamp>.<X-Hokusai-Nonce>.<raw body>`, behind `sha256=` unless " +
    "signaturePrefix is off; the key is the secret's text",
};

function signatureHeaders(body: string, signing: Signing): Readonly<Record<string, string>> {
  if (!signing.options.replayProtection) return { "X-Hokusai-Signature": signature(body, signing) };
  const timestamp = String(signing.timestamp);
  return {
    "X-Hokusai-Signature": signature(`${timestamp}.${signing.nonce}.${body}`, signing),
    "X-Hokusai-Timestamp": timestamp,
    "X-Hokusai-Nonce": signing.nonce,
  };
}

function signature(signed: string, signing: Signing): string {
  const hex = singleSignature(signed, signing);
  return signing.options.signaturePrefix ? `sha256=${hex}` : hex;
}

/**
 * The producer's own key where it can stand in a header; the event id, equally stable over retries, where not.
 * Only that member is parsed: for 64 KB of data it takes 17 µs instead of 90.
 */
function idempotencyKey(event: PublishedEvent): string {
  if (!event.data.trimStart().startsWith("{")) return event.id;
  const text = memberTexts(event.data).get("idempotency_key");
  const key: unknown = text === undefined ? undefined : JSON.parse(text);
  return typeof key === "string" && HEADER_SAFE.test(key) ? key : event.id;
}
