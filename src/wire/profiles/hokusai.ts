/**
 * The model registry's receivers: the event's data is the body, signed as hex in `X-Hokusai-Signature`. They
 * compare that header as a whole, so it can hold one signature only.
 * Rotation: while two secrets live, attempts take them in turn, newest first. A receiver that still holds only
 * the old one refuses the first attempt and accepts its retry, 2 s later; with one secret nothing alternates.
 */
import { HookwaveError } from "../../core/errors.ts";
import type { PublishedEvent } from "../../core/event.ts";
import { memberTexts } from "../../core/json-text.ts";
import { hmacHex, keyFromText } from "../hmac.ts";
import type { Signing, WireProfile } from "../profile.ts";

const HEADER_SAFE = /^[\x21-\x7e]{1,256}$/;

export const hokusai: WireProfile = {
  name: "hokusai",
  body: (event) => event.data,
  headers: (event, body, signing) => ({
    ...signatureHeaders(body, signing),
    "X-Hokusai-Idempotency-Key": idempotencyKey(event),
  }),
  isFinal: () => false,
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

/** The key is the secret's own text, even behind `whsec_`: these receivers know no decoding. */
function signature(signed: string, signing: Signing): string {
  const hex = hmacHex(keyFromText(secretInTurn(signing)), signed);
  return signing.options.signaturePrefix ? `sha256=${hex}` : hex;
}

/** Throws where there is no secret: a signature with an empty key is one that anybody can forge. */
function secretInTurn({ secrets, attemptNumber }: Signing): string {
  const secret = secrets[(attemptNumber - 1) % secrets.length];
  if (secret !== undefined) return secret;
  throw new HookwaveError("ENDPOINT_INVALID", {
    expected: "an endpoint with a live secret",
    got: "none",
    remedy: "give the endpoint a secret that has not expired",
  });
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
