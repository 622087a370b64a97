/**
 * Receivers that belong to no family and compare one HMAC-SHA256 in a header of their own: its name, its form and what
 * it covers are the endpoint's options. The event's data is the body.
 */
import type { SignedContent } from "../../core/endpoint.ts";
import type { WireProfile } from "../profile.ts";
import { singleSignature } from "../single-signature.ts";

export const hmac: WireProfile = {
  body: (event) => event.data,
  headers: ({ id }, body, signing) => {
    const { signatureHeader, signaturePrefix, signatureEncoding, signedContent } = signing.options;
    const time = `${signing.timestamp}`;
    const texts: Readonly<Record<SignedContent, string>> = {
      body,
      "timestamp.body": `${time}.${body}`,
      "id.timestamp.body": `${id}.${time}.${body}`,
    };
    const signature = singleSignature(texts[signedContent], signing, signatureEncoding);
    return { [signatureHeader ?? "X-Signature"]: signaturePrefix ? `sha256=${signature}` : signature };
  },
  isFinal: () => false,
  verification:
    "the signature header (X-Signature unless signatureHeader says otherwise) is the HMAC-SHA256 of the raw body, or as " +
    "signedContent has it of `<webhook-timestamp>.<raw body>` or `<webhook-id>.<webhook-timestamp>.<raw body>`, in hex " +
    "or base64, behind `sha256=` unless signaturePrefix is off; the key is the secret's text",
};
