/** What only one family's requests can be refused for. */
import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  aCall,
  headerOf,
  NOW,
  refusalOf,
  SECRET,
  textOf,
  URL_OF_RECEIVER,
  VARIANTS,
  verifyCall,
  withHeader,
} from "./requests.ts";

describe("standard is refused", () => {
  const call = aCall(VARIANTS.standard);
  const signature = headerOf(call, "webhook-signature");

  it.each([
    ["no id", "webhook-id", undefined, "HEADER_MISSING"],
    ["no timestamp", "webhook-timestamp", undefined, "HEADER_MISSING"],
    ["another id", "webhook-id", "evt_other", "SIGNATURE_MISMATCH"],
    [
      "an id with a dot, which could move the seams of what is signed",
      "webhook-id",
      "evt_fixture.1",
      "HEADER_MALFORMED",
    ],
    ["an id that is too long", "webhook-id", "x".repeat(65), "HEADER_MALFORMED"],
    ["a version nobody knows", "webhook-signature", signature.replace("v1", "v2"), "HEADER_MALFORMED"],
    [
      "its signature under the other version",
      "webhook-signature",
      signature.replace("v1", "v1a"),
      "SIGNATURE_MISMATCH",
    ],
    ["no version", "webhook-signature", signature.slice(3), "HEADER_MALFORMED"],
    ["the URL alphabet of base64", "webhook-signature", `v1,${"-_".repeat(21)}A=`, "HEADER_MALFORMED"],
    ["base64 without its padding", "webhook-signature", signature.slice(0, -1), "SIGNATURE_MISMATCH"],
    ["a space inside", "webhook-signature", signature.replace(",", ", "), "HEADER_MALFORMED"],
  ] as const)("with %s", async (_, header, value, code) => {
    expect((await refusalOf({ ...call, ...withHeader(call, header, value) })).code).toBe(code);
  });

  it("never for signatures beside the right one, unless that is beyond the sixteenth", async () => {
    const others = (count: number) => Array.from({ length: count }, () => `v1,${"A".repeat(43)}=`);
    const headerWith = (...signatures: string[]) =>
      withHeader(call, "webhook-signature", signatures.join(" "));
    await verifyCall({ ...call, ...headerWith(signature, "v1a,AAAA", "v9,x", "", "v1,") });
    await verifyCall({ ...call, ...headerWith(...others(15), signature) });
    expect((await refusalOf({ ...call, ...headerWith(...others(16), signature) })).code).toBe(
      "SIGNATURE_MISMATCH",
    );
  });

  it.each([
    "whsec_",
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2La*aSw",
    `whsec_${"A".repeat(33)}B==`,
    `whsec_${Buffer.alloc(23).toString("base64")}`,
    `whsec_${Buffer.alloc(65).toString("base64")}`,
    `whpk_${Buffer.alloc(31).toString("base64")}`,
    `whpk_${Buffer.alloc(33).toString("base64")}`,
    `${SECRET}\n`,
  ])("with a secret that no decoder should swallow: %j", async (secret) => {
    expect((await refusalOf({ ...call, secrets: [SECRET, secret] })).code).toBe("MISCONFIGURED");
  });

  it.each([
    "[]",
    "null",
    "1",
    '"text"',
    "{}",
    '{"type":"a"}',
    '{"type":1,"data":{}}',
    '{"type":"","data":{}}',
    '{"data":{}}',
    "{",
  ])("when what was signed is %s and no event", async (body) => {
    const sent = aCall({ profile: "github", dataText: body });
    const options = { ...sent.options, profile: "standard" } as const;
    expect(await refusalOf({ ...sent, options })).toMatchObject({ code: "PAYLOAD_UNREADABLE", status: 400 });
  });

  it("when what was signed is no UTF-8", async () => {
    const body = Buffer.from('{"type":"a","data":"\xff"}', "latin1");
    const signed = createHmac("sha256", "s").update(`evt_1.${NOW}.`).update(body).digest("base64");
    const headers = {
      "webhook-id": "evt_1",
      "webhook-timestamp": String(NOW),
      "webhook-signature": `v1,${signed}`,
    };
    expect((await refusalOf({ ...call, body, headers, secrets: "s" })).code).toBe("PAYLOAD_UNREADABLE");
    const decoded = new TextDecoder().decode(body);
    expect((await refusalOf({ ...call, body: decoded, headers, secrets: "s" })).code).toBe(
      "SIGNATURE_MISMATCH",
    );
  });
});

describe("github is refused", () => {
  it("as authentic and not to be read, when no header names its event", async () => {
    const call = aCall(VARIANTS.github);
    const nameless = { ...call, ...withHeader(call, "x-github-event", undefined) };
    const refusal = await refusalOf(nameless);
    expect(refusal).toMatchObject({ code: "PAYLOAD_UNREADABLE", status: 400 });
    expect(refusal.message).toContain("expected a header x-github-event, got none");
    // Signed by nobody, it is told of that first.
    expect((await refusalOf({ ...nameless, secrets: "another" })).code).toBe("SIGNATURE_MISMATCH");
  });
});

describe("hmac is refused", () => {
  const contents = ["body", "timestamp.body", "id.timestamp.body"] as const;
  const signed = (signedContent: (typeof contents)[number]) => aCall({ profile: "hmac", signedContent });

  it("when its signature covers anything else than the receiver expects, were it more", async () => {
    for (const sent of contents)
      for (const signedContent of contents.filter((one) => one !== sent)) {
        const call = signed(sent);
        const refusal = await refusalOf({ ...call, options: { ...call.options, signedContent } });
        expect(refusal.code).toBe("SIGNATURE_MISMATCH");
      }
  });

  it.each([
    ["another time", "webhook-timestamp", String(NOW + 1), "SIGNATURE_MISMATCH"],
    ["no time", "webhook-timestamp", undefined, "HEADER_MISSING"],
    ["an id with a dot, which could move the seams", "webhook-id", "evt.1", "HEADER_MALFORMED"],
    ["another id", "webhook-id", "evt_other", "SIGNATURE_MISMATCH"],
  ] as const)("with %s, where that is signed", async (_, header, value, code) => {
    const call = signed("id.timestamp.body");
    expect((await refusalOf({ ...call, ...withHeader(call, header, value) })).code).toBe(code);
    const plain = signed("body");
    await verifyCall({ ...plain, ...withHeader(plain, "webhook-timestamp", undefined) });
  });

  it("when it is old, where its time is signed", async () => {
    const call = signed("timestamp.body");
    const options = { ...call.options, now: () => (NOW + 301) * 1_000 };
    expect((await refusalOf({ ...call, options })).code).toBe("TIMESTAMP_TOO_OLD");
  });

  it("under another name than the receiver was told", async () => {
    const call = aCall({ profile: "hmac", signatureHeader: "x-mlflow-signature" });
    const options = { ...call.options, signatureHeader: "X-MLflow-Signature" };
    await verifyCall({ ...call, options });
    expect((await refusalOf(call)).message).toContain("expected a header x-signature, got none");
  });
});

describe("hokusai, replay protected, is refused", () => {
  const call = aCall(VARIANTS["hokusai, replay protected"]);

  it.each([
    ["its timestamp", "x-hokusai-timestamp"],
    ["its nonce", "x-hokusai-nonce"],
  ])("without %s", async (_, header) => {
    expect((await refusalOf({ ...call, ...withHeader(call, header, undefined) })).code).toBe(
      "HEADER_MISSING",
    );
  });

  it("with another nonce", async () => {
    expect((await refusalOf({ ...call, ...withHeader(call, "x-hokusai-nonce", "another") })).code).toBe(
      "SIGNATURE_MISMATCH",
    );
  });

  it("when it is passed off as one without replay protection", async () => {
    const { "x-hokusai-timestamp": timestamp, "x-hokusai-nonce": nonce, ...headers } = call.headers;
    expect((await refusalOf({ ...call, headers })).code).toBe("SIGNATURE_MISMATCH");
    const body = `${timestamp}.${nonce}.${textOf(call)}`;
    expect((await refusalOf({ ...call, headers, body })).code).toBe("PAYLOAD_UNREADABLE");
  });
});

describe("ai-core is refused", () => {
  const call = aCall(VARIANTS["ai-core"]);
  const input = headerOf(call, "signature-input");
  const optionsWith = (changes: object) => ({ options: { ...call.options, ...changes } });

  it.each([
    ["no digest", "content-digest", undefined, "HEADER_MISSING"],
    ["no date", "date", undefined, "HEADER_MISSING"],
    ["no signature input", "signature-input", undefined, "HEADER_MISSING"],
    ["another date", "date", "Tue, 14 Nov 2023 22:13:21 GMT", "SIGNATURE_MISMATCH"],
    [
      "the digest of another body",
      "content-digest",
      "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:",
      "SIGNATURE_MISMATCH",
    ],
    [
      "a signature that does not cover the digest",
      "signature-input",
      input.replace(' "content-digest"', ""),
      "HEADER_MALFORMED",
    ],
    [
      "a signature that does not cover the URL",
      "signature-input",
      input.replace(' "@target-uri"', ""),
      "HEADER_MALFORMED",
    ],
    [
      "a signature that covers more",
      "signature-input",
      input.replace('"date"', '"date" "host"'),
      "HEADER_MALFORMED",
    ],
    ["a signature of another label", "signature-input", input.replace("sig1", "sig2"), "HEADER_MALFORMED"],
    ["another algorithm", "signature-input", input.replace("hmac-sha256", "hmac-sha512"), "HEADER_MALFORMED"],
    ["no creation", "signature-input", input.replace(`;created=${NOW}`, ""), "HEADER_MALFORMED"],
    [
      "another key's name",
      "signature-input",
      input.replace('keyid="ai-core"', 'keyid="other"'),
      "SIGNATURE_MISMATCH",
    ],
    [
      "a longer life",
      "signature-input",
      input.replace(`expires=${NOW + 300}`, `expires=${NOW + 999}`),
      "SIGNATURE_MISMATCH",
    ],
    [
      "an end that has passed",
      "signature-input",
      input.replace(`expires=${NOW + 300}`, `expires=${NOW - 1}`),
      "TIMESTAMP_TOO_OLD",
    ],
    [
      "an end that is no time",
      "signature-input",
      input.replace(`expires=${NOW + 300}`, 'expires="soon"'),
      "HEADER_MALFORMED",
    ],
    [
      "a time hidden in a text",
      "signature-input",
      input.replace('"ai-core"', `";created=${NOW}"`),
      "HEADER_MALFORMED",
    ],
  ] as const)("with %s", async (_, header, value, code) => {
    expect((await refusalOf({ ...call, ...withHeader(call, header, value) })).code).toBe(code);
  });

  it.each([
    ["at another URL", { targetUri: `${URL_OF_RECEIVER}/other` }, "SIGNATURE_MISMATCH"],
    ["with another method", { method: "PUT" }, "SIGNATURE_MISMATCH"],
    ["by a receiver that does not know its own URL", { targetUri: undefined }, "MISCONFIGURED"],
  ])("%s", async (_, changes, code) => {
    expect((await refusalOf({ ...call, ...optionsWith(changes) })).code).toBe(code);
  });

  it("never for what a proxy adds under other labels and algorithms", async () => {
    const headers = {
      ...call.headers,
      "signature-input": `proxy=("@authority");created=1, ${input}, tail=()`,
      signature: `proxy=:AAAA:, ${headerOf(call, "signature")}`,
    };
    await verifyCall({ ...call, headers });
  });
});

describe("a profile that nobody knows", () => {
  it.each(["other", "constructor", "__proto__", ""])("is refused: %j", async (profile) => {
    const call = aCall(VARIANTS.standard);
    const options = Object.assign({ ...call.options }, { profile });
    expect(await refusalOf({ ...call, options })).toMatchObject({ code: "MISCONFIGURED", status: 500 });
  });
});
