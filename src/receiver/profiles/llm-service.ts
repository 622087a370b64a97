/** The LLM workflow service's callbacks: the body signed as hexadecimal; it names its own event, as does a header. */
import { checkBodyHmac } from "../checks.ts";
import type { ReceivingProfile } from "../receiving-profile.ts";

export const llmService: ReceivingProfile = {
  authenticate: (request) => checkBodyHmac("x-webhook-signature", request),
  read: ({ json, fields: { event, timestamp } }, headers) => {
    // The header is not covered by the signature, so it speaks only where the body is silent.
    return { type: event ?? headers.optional("x-webhook-event"), timestamp, data: json };
  },
};
