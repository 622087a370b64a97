/**
 * Ed25519 keys of Standard Webhooks 1.0 (`v1a`): the sender alone holds `whsk_`, receivers hold `whpk_`, so that
 * who can verify cannot sign. `whsk_` is the base64 of a 32-byte seed and its 32-byte public key (RFC 8032 §5.1.5).
 */
import { createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";

export const PRIVATE_PREFIX = "whsk_";
export const PUBLIC_PREFIX = "whpk_";
/** Of randomness that a generated secret of either kind grows from. */
export const SEED_BYTES = 32;
const KEY_PAIR_BYTES = 64;
/** The bytes before the seed in a PKCS #8 private key (RFC 8410 §7). */
const PKCS8_HEAD = Buffer.from("302e020100300506032b657004220420", "hex");

/** Base64 signature over the UTF-8 bytes of `text`. Deterministic, as Ed25519 is. */
export function signEd25519(secret: string, text: string): string {
  return sign(null, Buffer.from(text), privateKey(seedOf(secret))).toString("base64");
}

/** The `whsk_` secret that grows from 32 random bytes. */
export function ed25519Secret(seed: Buffer): string {
  return `${PRIVATE_PREFIX}${Buffer.concat([seed, publicBytes(seed)]).toString("base64")}`;
}

/** The key with which a receiver verifies what this `whsk_` secret signs; no secret itself. */
export function publicKeyOf(secret: string): string {
  return `${PUBLIC_PREFIX}${publicBytes(seedOf(secret)).toString("base64")}`;
}

/** The reason this cannot be a `whsk_` secret, without the secret itself; null when it can. */
export function ed25519Problem(secret: string): string | null {
  const base64 = secret.slice(PRIVATE_PREFIX.length);
  const bytes = Buffer.from(base64, "base64");
  if (bytes.toString("base64") !== base64)
    return `expected padded base64 after ${PRIVATE_PREFIX}, got something else`;
  if (bytes.length !== KEY_PAIR_BYTES)
    return `expected ${KEY_PAIR_BYTES} bytes after ${PRIVATE_PREFIX}, got ${bytes.length}`;
  // Two halves of different pairs would sign what no receiver accepts.
  if (!publicBytes(seedOf(secret)).equals(bytes.subarray(SEED_BYTES)))
    return `expected a seed and its public key after ${PRIVATE_PREFIX}, got two that do not belong together`;
  return null;
}

const seedOf = (secret: string): Buffer =>
  Buffer.from(secret.slice(PRIVATE_PREFIX.length), "base64").subarray(0, SEED_BYTES);

const privateKey = (seed: Buffer): KeyObject =>
  createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, seed]), format: "der", type: "pkcs8" });

/** The last 32 bytes of the key's DER form are the key (RFC 8410 §4). */
const publicBytes = (seed: Buffer): Buffer =>
  createPublicKey(privateKey(seed)).export({ format: "der", type: "spki" }).subarray(-SEED_BYTES);
