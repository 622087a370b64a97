/**
 * The key that a secret's text stands for. Nothing here keeps, shows or compares a secret. One that cannot work is
 * refused as such, since it would refuse every request for ever.
 */
import { type Bytes, fromBase64, utf8 } from "./bytes.ts";
import { VerificationError } from "./verification-error.ts";

export const isPublicKey = (secret: string): boolean => secret.startsWith("whpk_");

/** Standard Webhooks 1.0: `whsec_` and `whpk_` introduce base64; any other secret is its own UTF-8 bytes. */
export function keyBytes(secret: string): Bytes {
  if (isPublicKey(secret)) return decoded(secret, 32, 32);
  return secret.startsWith("whsec_") ? decoded(secret, 24, 64) : utf8(secret);
}

function decoded(secret: string, min: number, max: number): Bytes {
  const start = secret.indexOf("_") + 1;
  const bytes = fromBase64(secret.slice(start));
  if (bytes !== null && bytes.length >= min && bytes.length <= max) return bytes;
  throw misconfigured(`${min} to ${max} bytes in base64 after ${secret.slice(0, start)}`);
}

/**
 * At least one, and none that anybody could sign with: neither an empty one, nor a public key where signatures are
 * symmetric. A private key is refused everywhere: it is the sender's.
 */
export function readSecrets(
  secrets: string | readonly string[],
  isPublicAllowed: boolean,
): readonly string[] {
  const list = [secrets].flat();
  const refused = isPublicAllowed ? /^whsk_|^$/ : /^wh[ps]k_|^$/;
  if (list.length > 0 && list.every((secret) => typeof secret === "string" && !refused.test(secret)))
    return list;
  throw misconfigured(isPublicAllowed ? "secrets or public keys" : "secrets");
}

export const misconfigured = (expected: string, got?: string): VerificationError =>
  new VerificationError("MISCONFIGURED", expected, got);
