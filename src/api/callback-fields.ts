/** A callback as JSON: as lists and one by one show it, and what narrows them to some. */
import { isUtf8 } from "node:buffer";
import { z } from "zod";
import { asSourceId } from "../core/brand.ts";
import { CALLBACK_SIGNATURES, type Callback, isTruncated, type WholeCallback } from "../core/callback.ts";
import { inJson, isoOf } from "./json-names.ts";
import { HIDDEN, hiddenMark } from "./payloads.ts";
import { pageOf, timeQuery } from "./routing.ts";

/** The same in a query and in a body. */
export const callbackFilter = {
  source: z.string().max(40).transform(asSourceId).optional().describe("Of this source."),
  type: z.string().max(130).optional().describe("A type, a family (`job.*`) or `*`."),
  signature: z.enum(CALLBACK_SIGNATURES).optional(),
  since: timeQuery.describe("Came then or later, in these bytes."),
  until: timeQuery.describe("Came before."),
};

const time = z.iso.datetime();

export const callbackSchema = z.object({
  id: z.string(),
  source: z.string(),
  callback_id: z.string().describe("The sender's own id; `body_` and a digest where it has none."),
  type: z.string().nullable().describe("As its body or its headers say; null where they do not."),
  signature: z.enum(CALLBACK_SIGNATURES).describe("`unsigned`: the source has no secret."),
  code: z.string().nullable().describe("The check that failed: docs/receiving.md."),
  reason: z.string().nullable().describe("The same in a sentence."),
  accepted: z.boolean().describe("False where it was answered with 401."),
  received_at: time.describe("When these bytes came first."),
  last_received_at: time,
  copies: z.int().describe("How often its id came, these bytes or others."),
  forwards: z.int().describe("How often it was published as an event."),
  body_bytes: z.int(),
  seen_at: time.nullable(),
  cursor: z.string().describe("Its place in the order."),
});

export const wholeCallbackSchema = callbackSchema.extend({
  headers: z.record(z.string(), z.string()).describe("Some of them; none that authenticates anybody."),
  body: z.string().describe("As it came: text, or base64 of what is no UTF-8. Anybody may have written it."),
  body_encoding: z.enum(["utf8", "base64"]),
  is_truncated: z.boolean().describe("Of what was refused, the first 16 KiB are kept."),
  ...hiddenMark,
});

const latest = z.string().describe("With `order=oldest`, as `after`: what comes from now on.");
export const callbackPage = pageOf(callbackSchema).extend({ latest });

const count = { total: z.int(), unseen: z.int(), invalid: z.int(), unsigned: z.int() };
export const callbackCounts = z.object({
  ...count,
  latest,
  sources: z.array(z.object({ source: z.string(), ...count })).describe("Those that there are now."),
});

export type CallbackCounts = z.output<typeof callbackCounts>;
export type ShownCallback = z.output<typeof callbackSchema>;
export type ShownWholeCallback = z.output<typeof wholeCallbackSchema>;

export const showCallback = ({ isAccepted, headers: _, ...callback }: Callback): ShownCallback => ({
  ...inJson(callback),
  accepted: isAccepted,
  received_at: isoOf(callback.receivedAt),
  last_received_at: isoOf(callback.lastReceivedAt),
  seen_at: isoOf(callback.seenAt),
});

/** For whoever may not see what came, but that it did. */
export const withoutBody = (callback: ShownWholeCallback): ShownWholeCallback => ({
  ...callback,
  body: "",
  ...HIDDEN,
});

export function showWholeCallback({ body, ...callback }: WholeCallback): ShownWholeCallback {
  const encoding = isUtf8(body) ? "utf8" : "base64";
  return {
    ...showCallback(callback),
    headers: { ...callback.headers },
    body: Buffer.from(body).toString(encoding),
    body_encoding: encoding,
    is_truncated: isTruncated({ ...callback, body }),
  };
}
