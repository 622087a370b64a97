/**
 * The AI task service's callers: `event_payload` is the event's data, and the request is signed as an HTTP
 * message (RFC 9421), so that a captured one is of no use at another URL or five minutes later.
 * Rotation: the newest secret signs every attempt. Secrets cannot take turns where a 401 is final, nor stand side
 * by side: of two signatures with one keyid, receivers look at the first only, or at the last only.
 */
import { contentDigest, signatureHeaders } from "../http-message-signature.ts";
import type { Signing, WireProfile } from "../profile.ts";
import { secretInTurn } from "../single-signature.ts";
import { signingKey } from "../standard-webhooks.ts";
import { targetUri } from "../target-uri.ts";

const VALID_SECONDS = 300;

export const aiCore: WireProfile = {
  body: ({ id, type, data }) =>
    `{"event_id":${JSON.stringify(id)},"event_name":${JSON.stringify(type)},"event_payload":${data}}`,
  headers: (_event, body, signing) => {
    const date = new Date(signing.timestamp * 1_000).toUTCString();
    const digest = contentDigest(body);
    return { Date: date, "Content-Digest": digest, ...signatures(date, digest, signing) };
  },
  // Retried are "5xx, timeouts and network errors only; a 4xx is final": every one, also 408 and 429, whose
  // Retry-After is not waited for, and a redirect. What these callers miss they pull from the feed.
  isFinal: (status) => status < 500,
  verification:
    "Signature-Input and Signature are HTTP message signatures (RFC 9421, HMAC-SHA256) over " +
    "@method, @target-uri, content-digest and date; they hold for 300 s and for exactly this URL; " +
    "the key is the secret's text, or what follows `whsec_`, decoded from base64",
};

function signatures(date: string, digest: string, signing: Signing): Readonly<Record<string, string>> {
  const { url, timestamp: created } = signing;
  const newest = secretInTurn({ ...signing, attemptNumber: 1 });
  return signatureHeaders(signingKey(newest), {
    components: { "@method": "POST", "@target-uri": targetUri(url), "content-digest": digest, date },
    parameters: { alg: "hmac-sha256", created, expires: created + VALID_SECONDS, keyid: "ai-core" },
  });
}
