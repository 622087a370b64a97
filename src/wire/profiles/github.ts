/**
 * Receivers written for GitHub's webhooks: the event's data is the body, and the delivery's name is the event's
 * id, which stays the same over retries as GitHub's does over redeliveries.
 */
import type { WireProfile } from "../profile.ts";
import { singleSignature } from "../single-signature.ts";

export const github: WireProfile = {
  body: (event) => event.data,
  headers: (event, body, signing) => ({
    "X-Hub-Signature-256": `sha256=${singleSignature(body, signing)}`,
    "X-GitHub-Event": event.type,
    "X-GitHub-Delivery": event.id,
  }),
  isFinal: () => false,
  verification:
    "X-Hub-Signature-256 is `sha256=` and the hex HMAC-SHA256 of the raw body; the key is the " +
    "secret's text",
};
