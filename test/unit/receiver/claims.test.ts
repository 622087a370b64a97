/** A request's own word for its id and type: the same as its verified event has, and something for whatever else comes. */
import { describe, expect, it } from "vitest";
import { PROFILE_NAMES } from "../../../src/core/endpoint.ts";
import { readClaims } from "../../../src/receiver/claims.ts";
import { verify } from "../../../src/receiver/index.ts";
import { FIXTURE_SECRET, signedFixture } from "../../../src/testing/signed-fixture.ts";

describe("a request's claims", () => {
  it.each(PROFILE_NAMES)("are what verify finds in it: %s", async (profile) => {
    const { headers, body, url } = signedFixture({ profile, data: { callback_id: "cb-1", n: 1 } });
    const { id, type } = await verify(body, headers, FIXTURE_SECRET, { profile, targetUri: url });
    expect(await readClaims(body, headers, profile)).toEqual({ id, type });
  });

  it.each([
    ["nothing at all", "", {}],
    ["text that is no JSON", "<xml/>", {}],
    ["an event of another family", "[1]", { "webhook-id": "" }],
    ["an id that is none", '{"callback_id":{"a":1},"event":7}', {}],
    ["an id that is a book", JSON.stringify({ callback_id: "x".repeat(1_000) }), {}],
    ["a header that came twice", "{}", { "webhook-id": ["a", "b"] }],
  ])("are an id made of the body, and no type, of %s", async (_what, body, headers) => {
    const claims = await readClaims(body, headers, "llm-service");
    expect(claims).toEqual({ id: expect.stringMatching(/^body_[0-9a-f]{64}$/), type: null });
  });

  it("are read for a list also where the bytes are no UTF-8", async () => {
    const bytes = Buffer.concat([
      Buffer.from('{"callback_id":"cb-1","x":"'),
      Buffer.from([0xff]),
      Buffer.from('"}'),
    ]);
    expect(await readClaims(bytes, {}, "llm-service")).toEqual({ id: "cb-1", type: null });
  });
});
