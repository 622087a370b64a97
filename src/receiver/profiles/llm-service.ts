/**
 * The LLM workflow service's callbacks: the body signed as hexadecimal; it names its own event, as does a header. A callback
 * that has a `callback_id` is known by it, as to the service's own receiver: the signature covers it.
 */
import { checkBodyHmac } from "../checks.ts";
import type { ReceivingProfile } from "../receiving-profile.ts";

export const llmService: ReceivingProfile = {
  authenticate: (request) => checkBodyHmac("x-webhook-signature", request),
  read: ({ json, fields: { callback_id: id, event, timestamp } }, headers) => {
    // The header is not covered by the signature, so it speaks only where the body is silent.
    return { id, type: event ?? headers.optional("x-webhook-event"), timestamp, data: json };
  },
};
