import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { ProfileOptions } from "../../../../src/core/endpoint.ts";
import type { Signing } from "../../../../src/wire/profile.ts";
import { hokusai } from "../../../../src/wire/profiles/hokusai.ts";
import { signRequest } from "../../../../src/wire/sign.ts";
import { anEvent, aSigning } from "../samples.ts";

const SECRET = "one shared string";
const KEY = "0b7d0f6e-4f3a-4a39-9c0e-0c6a3d9a8f10";
const DATA = `{"model_id":"m-1", "idempotency_key":"${KEY}", "baseline_metrics":{"auc":1.0}}`;

function request(changes: Partial<Signing> = {}, options: Partial<ProfileOptions> = {}, data = DATA) {
  const signing = aSigning({ secrets: [SECRET], ...changes });
  return signRequest(anEvent({ data }), hokusai, { ...signing, options: { ...signing.options, ...options } });
}

/** A receiver written from the format's description only: it compares the header as a whole. */
function accepts(secret: string, { body, headers }: ReturnType<typeof request>): boolean {
  const hmac = createHmac("sha256", Buffer.from(secret, "utf8"));
  if ("X-Hokusai-Timestamp" in headers)
    hmac.update(`${headers["X-Hokusai-Timestamp"]}.${headers["X-Hokusai-Nonce"]}.`);
  const hex = hmac.update(Buffer.from(body, "utf8")).digest("hex");
  return headers["X-Hokusai-Signature"] === `sha256=${hex}`;
}

describe("the hokusai profile", () => {
  it("sends the data itself as the body, byte for byte", () => {
    expect(request().body).toBe(DATA);
  });

  it("signs the body so that the registry's receivers accept it", () => {
    const sent = request({}, {}, '{"model_id":"łódź 🦊"}');
    expect(accepts(SECRET, sent)).toBe(true);
    expect(accepts("another", sent)).toBe(false);
    expect(accepts(SECRET, { ...sent, body: `${sent.body} ` })).toBe(false);
    expect(Object.keys(sent.headers)).not.toContain("X-Hokusai-Nonce");
  });

  it("takes the secret's own text as the key, even behind whsec_", () => {
    const whsec = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    expect(accepts(whsec, request({ secrets: [whsec] }))).toBe(true);
  });

  it("covers timestamp and nonce when replay protection is on", () => {
    const sent = request({}, { replayProtection: true });
    expect(sent.headers).toMatchObject({
      "X-Hokusai-Timestamp": "1700000000",
      "X-Hokusai-Nonce": "6f2b1c5e-0d3a-4c39-9a51-2f0b8f4c9e11",
    });
    expect(accepts(SECRET, sent)).toBe(true);
    const replayed = { ...sent.headers, "X-Hokusai-Timestamp": "1700000001" };
    expect(accepts(SECRET, { ...sent, headers: replayed })).toBe(false);
  });

  it.each([false, true])(
    "writes bare hexadecimal when the prefix is off (replay protection: %s)",
    (replayProtection) => {
      const prefixed = request({}, { replayProtection }).headers["X-Hokusai-Signature"];
      const bare = request({}, { replayProtection, signaturePrefix: false }).headers["X-Hokusai-Signature"];
      expect(bare).toMatch(/^[0-9a-f]{64}$/);
      expect(prefixed).toBe(`sha256=${bare}`);
    },
  );
});

describe("a hokusai rotation", () => {
  const secrets = ["new", "old"];

  it("signs the first attempt with the newest secret and its retry with the other", () => {
    const attempts = [1, 2, 3, 4].map((attemptNumber) => request({ secrets, attemptNumber }));
    expect(attempts.map((sent) => accepts("new", sent))).toEqual([true, false, true, false]);
    expect(attempts.map((sent) => accepts("old", sent))).toEqual([false, true, false, true]);
  });

  it("keeps both signatures in webhook-signature on every attempt", () => {
    for (const attemptNumber of [1, 2])
      expect(request({ secrets, attemptNumber }).headers["webhook-signature"]?.split(" ")).toHaveLength(2);
  });

  it("refuses to sign without any secret", () => {
    expect(() => request({ secrets: [] })).toThrow("expected an endpoint with a live secret, got none");
  });
});

describe("the hokusai idempotency key", () => {
  const idempotencyKey = (data: string) => request({}, {}, data).headers["X-Hokusai-Idempotency-Key"];

  it("is the producer's own", () => {
    expect(idempotencyKey(DATA)).toBe(KEY);
    expect(idempotencyKey(` \n${DATA}`)).toBe(KEY);
    expect(idempotencyKey(`{"idempotency_key":"${"k".repeat(256)}"}`)).toBe("k".repeat(256));
  });

  it.each([
    ["absent", '{"model":{"idempotency_key":"nested"}}'],
    ["empty", '{"idempotency_key":""}'],
    ["no string", '{"idempotency_key":17}'],
    ["a header injection", '{"idempotency_key":"a\\r\\nX-Admin: 1"}'],
    ["with a space", '{"idempotency_key":"a b"}'],
    ["beyond ASCII", '{"idempotency_key":"clé"}'],
    ["longer than 256", `{"idempotency_key":"${"k".repeat(257)}"}`],
    ["inside an array", '[{"idempotency_key":"k"}]'],
    ["inside a string", '"{\\"idempotency_key\\":\\"k\\"}"'],
    ["beside nothing", "null"],
  ])("is the event id where the producer's is %s", (_, data) => {
    expect(idempotencyKey(data)).toBe(anEvent().id);
  });
});
