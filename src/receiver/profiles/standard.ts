/** Standard Webhooks 1.0: `v1` (HMAC) and `v1a` (Ed25519) over `id.timestamp.body`; the envelope the specification recommends. */
import { type Bytes, fromBase64, textThen, toBase64, utf8 } from "../bytes.ts";
import { checkTimestamp, insistOnSignature } from "../checks.ts";
import { malformed } from "../received-headers.ts";
import type { ReceivedRequest, ReceivingProfile } from "../receiving-profile.ts";
import { isPublicKey, keyBytes } from "../secrets.ts";
import { isEd25519Of, isHmacOf, SIGNATURES_MAX } from "../signatures.ts";

const ID = "webhook-id";
const TIMESTAMP = "webhook-timestamp";
const SIGNATURE = "webhook-signature";

/** Without a dot, because the signature joins its parts with dots. */
const ID_PATTERN = /^[A-Za-z0-9_-]{1,64}$/;

export const standard: ReceivingProfile = {
  authenticate: async (request) => {
    const { headers, secrets, body } = request;
    // Versions that are not known are passed over, as the specification asks.
    const signatures = headers.required(SIGNATURE).split(" ", SIGNATURES_MAX).filter(isOfKnownVersion);
    if (signatures.length === 0) throw malformed(SIGNATURE, "v1 or v1a, a comma and base64");
    const signed = textThen(idAndTime(request), body);
    await insistOnSignature(SIGNATURE, secrets, (secret) => isSignedBy(secret, signed, signatures));
  },
  read: ({ fields: { type, timestamp, data } }, headers) => {
    return { id: headers.required(ID), type: data === undefined ? undefined : type, timestamp, data };
  },
};

/** `id.timestamp.`, as they are signed. Throws unless the time is within tolerance, and the first dot is behind the id. */
export function idAndTime(request: ReceivedRequest): string {
  const [id, timestamp] = [request.headers.required(ID), request.headers.required(TIMESTAMP)];
  if (!ID_PATTERN.test(id)) throw malformed(ID, "1–64 of A–Z a–z 0–9 _ -");
  checkTimestamp(TIMESTAMP, timestamp, request);
  return `${id}.${timestamp}.`;
}

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
