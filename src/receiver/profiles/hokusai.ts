/**
 * The model registry's requests: the body signed as hexadecimal, with or without `sha256=`; with timestamp and nonce
 * in front of it where the sender protects against replays. A request without those two cannot pass for one that had
 * them, nor the other way round: what was signed with them is no JSON.
 */
import { textThen } from "../bytes.ts";
import { checkHexHmac, checkTimestamp, prefixOf } from "../checks.ts";
import { type ReceivingProfile, UNKNOWN_TYPE } from "../receiving-profile.ts";

const SIGNATURE = "x-hokusai-signature";
const TIMESTAMP = "x-hokusai-timestamp";
const NONCE = "x-hokusai-nonce";

export const hokusai: ReceivingProfile = {
  authenticate: async (request) => {
    const { headers, body, secrets } = request;
    const [timestamp, nonce] = [headers.optional(TIMESTAMP), headers.optional(NONCE)];
    const value = headers.required(SIGNATURE);
    const header = { name: SIGNATURE, signatures: [value], prefix: prefixOf(value) };
    if ((timestamp ?? nonce) === undefined) return await checkHexHmac(header, body, secrets);
    checkTimestamp(TIMESTAMP, headers.required(TIMESTAMP), request);
    const signed = textThen(`${timestamp}.${headers.required(NONCE)}.`, body);
    await checkHexHmac(header, signed, secrets);
  },
  read: ({ json, fields: { idempotency_key: id, model_id, event_type, timestamp } }) => {
    const isModel = typeof model_id === "string" || event_type === "model_registered";
    return { id, type: isModel ? "model.registered" : UNKNOWN_TYPE, timestamp, data: json };
  },
};
