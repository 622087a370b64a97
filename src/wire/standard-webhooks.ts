/**
 * Standard Webhooks 1.0: the three headers every delivery carries, whatever its profile, and the secrets that
 * sign them. It reads no clock, so the caller brings the attempt's timestamp.
 */
import type { KeyObject } from "node:crypto";
import type { EventId } from "../core/brand.ts";
import type { ProfileName } from "../core/endpoint.ts";
import { ed25519Problem, ed25519Secret, PRIVATE_PREFIX, PUBLIC_PREFIX, signEd25519 } from "./ed25519.ts";
import { hmacBase64, keyFromBase64, keyFromText } from "./hmac.ts";
import type { Signing } from "./profile.ts";

const SECRET_PREFIX = "whsec_";
const KEY_MIN_BYTES = 24;
const KEY_MAX_BYTES = 64;

/** One signature per live secret, newest first, so that a receiver holding either one accepts a rotation. */
export function standardWebhooksHeaders(
  id: EventId,
  body: string,
  { secrets, timestamp }: Signing,
): Readonly<Record<string, string>> {
  const signed = `${id}.${timestamp}.${body}`;
  return {
    "webhook-id": id,
    "webhook-timestamp": String(timestamp),
    "webhook-signature": secrets.map((secret) => signatureBy(secret, signed)).join(" "),
  };
}

/** The kinds may stand side by side: a receiver skips the versions that its key cannot verify. */
function signatureBy(secret: string, signed: string): string {
  return secret.startsWith(PRIVATE_PREFIX)
    ? `v1a,${signEd25519(secret, signed)}`
    : `v1,${hmacBase64(signingKey(secret), signed)}`;
}

/** `whsec_` introduces base64; any other secret, as other families have them, is its own UTF-8 bytes. */
export function signingKey(secret: string): KeyObject {
  return secret.startsWith(SECRET_PREFIX)
    ? keyFromBase64(secret.slice(SECRET_PREFIX.length))
    : keyFromText(secret);
}

/**
 * A secret from 32 random bytes: `whsec_` and their base64 (Standard Webhooks 1.0 wants 24 to 64), or the Ed25519 key
 * pair that grows from them, behind `whsk_`.
 */
export function secretFrom(seed: Buffer, isEd25519: boolean): string {
  return isEd25519 ? ed25519Secret(seed) : `${SECRET_PREFIX}${seed.toString("base64")}`;
}

/**
 * The reason a secret cannot be accepted for an endpoint, as "expected …, got …" without the secret itself; null when
 * it can. A `whsec_` secret is checked for every profile, since each one sends `webhook-signature` too: a lenient
 * decoder would make a short or even an empty key of a mistyped one.
 */
export function secretProblem(secret: string, profile: ProfileName): string | null {
  if (secret === "") return "expected a secret, got an empty string";
  if (secret.startsWith(PUBLIC_PREFIX)) return "expected a secret, got a public key";
  if (secret.startsWith(PRIVATE_PREFIX)) return privateProblem(secret, profile);
  if (secret.startsWith(SECRET_PREFIX)) return base64Problem(secret.slice(SECRET_PREFIX.length));
  // Receivers older than this service keep whatever string they were given.
  return profile === "standard" ? textProblem(secret) : null;
}

/**
 * The libraries of Standard Webhooks decode base64, with `whsec_` before it or without: none would verify what a text signs.
 * A pasted line break is the commonest reason why signatures differ.
 */
function textProblem(secret: string): string {
  if (secret.trim() !== secret)
    return "expected a secret without white space around it, got white space at an end";
  const form = `${SECRET_PREFIX} and the base64 of ${KEY_MIN_BYTES} to ${KEY_MAX_BYTES} bytes`;
  if (base64Problem(secret) === null)
    return `expected ${form}, got base64 alone; put ${SECRET_PREFIX} before it`;
  if (/^v1a?,/.test(secret))
    return `expected ${form}, got a version before it; leave out everything before ${SECRET_PREFIX}`;
  return `expected ${form}, got other text; leave it out to have one made, or choose the profile that your receiver verifies`;
}

/** The other families verify with the key that signed; handing them a private one would let them sign as us. */
function privateProblem(secret: string, profile: ProfileName): string | null {
  if (profile === "standard") return ed25519Problem(secret);
  return `expected a secret that profile ${profile} can share with its receiver, got an Ed25519 private key`;
}

function base64Problem(base64: string): string | null {
  const bytes = Buffer.from(base64, "base64");
  if (bytes.toString("base64") !== base64)
    return `expected padded base64 after ${SECRET_PREFIX}, got something else`;
  if (bytes.length < KEY_MIN_BYTES || bytes.length > KEY_MAX_BYTES)
    return `expected ${KEY_MIN_BYTES} to ${KEY_MAX_BYTES} bytes after ${SECRET_PREFIX}, got ${bytes.length}`;
  return null;
}
