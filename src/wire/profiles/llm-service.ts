/**
 * The LLM workflow service's admin site: the event's data is the callback's body as it stands, with its type in
 * a header beside the signature.
 */
import type { WireProfile } from "../profile.ts";
import { singleSignature } from "../single-signature.ts";

export const llmService: WireProfile = {
  body: (event) => event.data,
  headers: (event, body, signing) => ({
    "X-Webhook-Signature": `sha256=${singleSignature(body, signing)}`,
    "X-Webhook-Event": event.type,
  }),
  isFinal: () => false,
  verification:
    "X-Webhook-Signature is `sha256=` and the hex HMAC-SHA256 of the raw body; the key is the " +
    "secret's text",
};
