/** The video-analysis API's job events: the body signed as hexadecimal; what names the job stands beside `data`. */
import { checkBodyHmac } from "../checks.ts";
import type { ReceivingProfile } from "../receiving-profile.ts";

export const klipstream: ReceivingProfile = {
  authenticate: (request) => checkBodyHmac("x-klipstream-signature", request),
  read: ({ fields: { event: type, timestamp, ...job } }) => {
    // An event that tells of no job is carried in `data` as a whole, between two nulls.
    return { type, timestamp, data: job["job_id"] === null ? job["data"] : job };
  },
};
