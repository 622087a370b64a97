/** Standard Webhooks 1.0: `v1` (HMAC) and `v1a` (Ed25519) over `id.timestamp.body`; the envelope the specification recommends. */
import { type Bytes, concat, fromBase64, toBase64, utf8 } from "../bytes.ts";
import { checkTimestamp, signatureMismatch } from "../checks.ts";
import { malformed } from "../received-headers.ts";
import type { ReceivingProfile } from "../receiving-profile.ts";
import { isPublicKey, keyBytes } from "../secrets.ts";
import { isEd25519Of, isHmacOf, isTrueOfAny, SIGNATURES_MAX } from "../signatures.ts";

const ID = "webhook-id";
const TIMESTAMP = "webhook-timestamp";
const SIGNATURE = "webhook-signature";

/** Without a dot, because the signature joins its parts with dots. */
const ID_PATTERN = /^[A-Za-z0-9_-]{1,64}$/;

export const standard: ReceivingProfile = {
  authenticate: async (request) => {
    const { headers, secrets, body } = request;
    const [id, timestamp] = [headers.required(ID), headers.required(TIMESTAMP)];
    // Versions that are not known are passed over, as the specification asks.
    const signatures = headers.required(SIGNATURE).split(" ", SIGNATURES_MAX).filter(isOfKnownVersion);
    if (!ID_PATTERN.test(id)) throw malformed(ID, "1–64 of A–Z a–z 0–9 _ -");
    if (signatures.length === 0) throw malformed(SIGNATURE, "v1 or v1a, a comma and base64");
    checkTimestamp(TIMESTAMP, timestamp, request);
    const signed = concat([utf8(`${id}.${timestamp}.`), body]);
    if (!(await isTrueOfAny(secrets, (secret) => isSignedBy(secret, signed, signatures))))
      throw signatureMismatch(SIGNATURE);
  },
  read: ({ fields: { type, timestamp, data } }, headers) => {
    return { id: headers.required(ID), type: data === undefined ? undefined : type, timestamp, data };
  },
};

const isOfKnownVersion = (signature: string): boolean => /^v1a?,[A-Za-z0-9+/]+=*$/.test(signature);

function isSignedBy(secret: string, signed: Bytes, signatures: readonly string[]): Promise<boolean> {
  const key = keyBytes(secret);
  return isPublicKey(secret)
    ? isEd25519Of(key, signed, signatures.map(ed25519Bytes))
    : isHmacOf(key, signed, signatures, (digest) => `v1,${toBase64(digest)}`);
}

/** No bytes at all for another version, or for base64 that no encoder writes: nothing verifies with them. */
const ed25519Bytes = (signature: string): Bytes =>
  (signature.startsWith("v1a,") && fromBase64(signature.slice(4))) || utf8("");
