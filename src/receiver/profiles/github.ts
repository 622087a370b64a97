/** GitHub's style: the body signed as hexadecimal; the event's type and id are in headers, which no signature covers. */
import { checkBodyHmac } from "../checks.ts";
import type { ReceivingProfile } from "../receiving-profile.ts";

export const github: ReceivingProfile = {
  authenticate: (request) => checkBodyHmac("x-hub-signature-256", request),
  read: ({ json, fields: { timestamp } }, headers) => ({
    id: headers.optional("x-github-delivery"),
    type: headers.required("x-github-event"),
    timestamp,
    data: json,
  }),
};
