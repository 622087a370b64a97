/**
 * Receivers that verify as Stripe's library does: `t=<unix seconds>,v1=<hex>` over `t.body`, once per live
 * secret, in a header of the endpoint's choice. The event's data is the body: whoever expects Stripe's event
 * object publishes one.
 */
import { hmacHex, keyFromText } from "../hmac.ts";
import type { WireProfile } from "../profile.ts";

export const stripe: WireProfile = {
  body: (event) => event.data,
  headers: (_event, body, { secrets, timestamp, options }) => {
    // The key is the whole secret, `whsec_` included: Stripe's own library never decodes it.
    const signatures = secrets.map((secret) => `v1=${hmacHex(keyFromText(secret), `${timestamp}.${body}`)}`);
    return { [options.signatureHeader ?? "Stripe-Signature"]: [`t=${timestamp}`, ...signatures].join(",") };
  },
  isFinal: () => false,
  verification:
    "the signature header (Stripe-Signature unless signatureHeader says otherwise) is " +
    "`t=<time>,v1=` and the hex HMAC-SHA256 of `<time>.<raw body>`; the key is the whole secret, " +
    "`whsec_` included",
};
