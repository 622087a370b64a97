/** Reads what a test is to send: nothing, or a type, or data, whose text is kept as it stands. */
import { z } from "zod";
import { memberTexts } from "../core/json-text.ts";
import type { TestRequest } from "../manage/test-endpoint.ts";
import { readJson, unreadable } from "./read-json.ts";
import { eventType, withExample } from "./routing.ts";

/** Described so; `testSchema` reads it, and publishing says more of a bad type. */
export const testBody = withExample(
  z
    .strictObject({
      type: eventType.exactOptional().describe("`webhook.test` when absent."),
      data: z.unknown().optional().describe("The example of a known type, or {}, when absent."),
    })
    .optional(),
  { type: "invoice.paid", data: { invoice: "in_42", amount: 1999 } },
);

const testSchema = z.strictObject({
  type: z.string().exactOptional(),
  data: z.unknown().optional(),
});

/** `body` is the bytes that came, if any. Throws a Refusal. */
export function readTest(body: unknown): TestRequest {
  if (!Buffer.isBuffer(body) || body.length === 0) return {};
  const { text, value } = readJson(body, "an object with a type or data, or nothing");
  const read = testSchema.safeParse(value);
  if (!read.success) throw unreadable("an object with at most type (a text) and data", "something else");
  const dataText = memberTexts(text).get("data");
  return {
    ...("type" in read.data && { type: read.data.type }),
    ...(dataText !== undefined && { dataText }),
  };
}
