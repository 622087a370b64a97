/**
 * The one signature of the many receivers whose header has room for one: they compare it as a whole.
 * Rotation: while two secrets live, attempts take them in turn, newest first. A receiver that still holds only
 * the old one refuses the first attempt and accepts its retry, 2 s later; with one secret nothing alternates.
 */

import type { SignatureEncoding } from "../core/endpoint.ts";
import { HookwaveError } from "../core/errors.ts";
import { hmacBase64, hmacHex, keyFromText } from "./hmac.ts";
import type { Signing } from "./profile.ts";

/** The key is the secret's own text, even behind `whsec_`: these receivers know no decoding. */
export function singleSignature(
  signed: string,
  signing: Signing,
  encoding: SignatureEncoding = "hex",
): string {
  const write = encoding === "hex" ? hmacHex : hmacBase64;
  return write(keyFromText(secretInTurn(signing)), signed);
}

/** Throws where there is no secret: a signature with an empty key is one that anybody can forge. */
export function secretInTurn({ secrets, attemptNumber }: Signing): string {
  const secret = secrets[(attemptNumber - 1) % secrets.length];
  if (secret !== undefined) return secret;
  throw new HookwaveError("ENDPOINT_INVALID", {
    expected: "an endpoint with a live secret",
    got: "none",
    remedy: "give the endpoint a secret that has not expired",
  });
}
