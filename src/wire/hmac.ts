/**
 * HMAC-SHA256, the primitive under every signature sent. Keys are KeyObjects, and those in use are kept: to make one costs
 * as much as to sign 1 KB with it (5 of 10 µs on the machine that said so). Its secret is kept with it, as it is with its
 * endpoint, and may outlast that one; beyond a thousand, all are forgotten.
 */
import { createHmac, createSecretKey, type KeyObject } from "node:crypto";

const KEYS_KEPT = 1_000;
const keys = { utf8: new Map<string, KeyObject>(), base64: new Map<string, KeyObject>() };

export function keyFromText(secret: string): KeyObject {
  return keyFrom(secret, "utf8");
}

/** Decodes leniently (trap 35): whoever accepts a secret has checked it with `secretProblem`. */
export function keyFromBase64(base64: string): KeyObject {
  return keyFrom(base64, "base64");
}

function keyFrom(text: string, encoding: "utf8" | "base64"): KeyObject {
  const known = keys[encoding].get(text);
  if (known !== undefined) return known;
  const key = createSecretKey(text, encoding);
  if (keys[encoding].size >= KEYS_KEPT) keys[encoding].clear();
  keys[encoding].set(text, key);
  return key;
}

/** Lower-case hexadecimal HMAC-SHA256 over the UTF-8 bytes of `text` (RFC 2104). */
export function hmacHex(key: KeyObject, text: string): string {
  return createHmac("sha256", key).update(text).digest("hex");
}

/** Padded base64 HMAC-SHA256 over the UTF-8 bytes of `text` (RFC 2104). */
export function hmacBase64(key: KeyObject, text: string): string {
  return createHmac("sha256", key).update(text).digest("base64");
}
