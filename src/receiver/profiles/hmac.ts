/**
 * Receivers of no family: one signature in a header of their own, in hexadecimal or base64, over the body or what the
 * receiver says that it covers. That is never guessed: it decides whether an old request can be sent again.
 */
import { type Bytes, textThen, toBase64, toHex, utf8 } from "../bytes.ts";
import { insistOnSignature, prefixOf } from "../checks.ts";
import type { ReceivingProfile } from "../receiving-profile.ts";
import { isHmacOf } from "../signatures.ts";
import { idAndTime } from "./standard.ts";
import { stripe } from "./stripe.ts";

export const hmac: ReceivingProfile = {
  authenticate: async (request) => {
    const { body, headers, secrets, signatureHeader: name = "x-signature", signedContent = "body" } = request;
    const value = headers.required(name);
    const whole = signedContent === "body" ? "" : idAndTime(request);
    const start = signedContent === "timestamp.body" ? whole.slice(whole.indexOf(".") + 1) : whole;
    // Only base64 of 32 bytes ends so; a signature that has the other form fits no more than any other text.
    const write = value.endsWith("=") ? toBase64 : toHex;
    const toText = (digest: Bytes) => prefixOf(value) + write(digest);
    await insistOnSignature(name, secrets, (secret) =>
      isHmacOf(utf8(secret), textThen(start, body), [value], toText),
    );
  },
  // Its body, too, is the data, which may be an event of its own.
  read: stripe.read,
};
