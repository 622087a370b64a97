/** Stripe's style: `t=<unix>,v1=<hex>` over `t.body`, in a header whose name the sender may choose. */
import { textThen } from "../bytes.ts";
import { checkHexHmac, checkTimestamp } from "../checks.ts";
import { type ReceivingProfile, UNKNOWN_TYPE } from "../receiving-profile.ts";
import { SIGNATURES_MAX } from "../signatures.ts";

export const stripe: ReceivingProfile = {
  authenticate: async (request) => {
    const { body, headers, secrets, signatureHeader: name = "stripe-signature" } = request;
    const [time = "", ...signatures] = headers.required(name).split(",", SIGNATURES_MAX + 1);
    const timestamp = time.startsWith("t=") ? time.slice(2) : "";
    checkTimestamp(name, timestamp, request);
    await checkHexHmac({ name, signatures, prefix: "v1=" }, textThen(`${timestamp}.`, body), secrets);
  },
  read: ({ json, fields: { id, type = UNKNOWN_TYPE, timestamp } }) => {
    // The data is the body; whoever expects Stripe's event object publishes one, and then its id is the event's.
    const isEventId = typeof id === "string" && id.startsWith("evt_");
    return { id: isEventId ? id : undefined, type, timestamp, data: json };
  },
};
