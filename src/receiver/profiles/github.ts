/** GitHub's style: the body signed as hexadecimal; the event's type and id are in headers, which no signature covers. */
import { checkBodyHmac } from "../checks.ts";
import type { ReceivingProfile } from "../receiving-profile.ts";

export const github: ReceivingProfile = {
  authenticate: (request) => checkBodyHmac("x-hub-signature-256", request),
  read: ({ json, fields: { timestamp } }, headers) => {
    const [id, type] = [headers.optional("x-github-delivery"), headers.required("x-github-event")];
    return { id, type, timestamp, data: json };
  },
};
