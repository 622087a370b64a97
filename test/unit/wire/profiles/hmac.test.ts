/** Receivers of no family, whose header, form and text the endpoint says. */
import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { OPTION_DEFAULTS, type ProfileOptions } from "../../../../src/core/endpoint.ts";
import { hmac } from "../../../../src/wire/profiles/hmac.ts";
import { anEvent, aSigning } from "../samples.ts";

const headersWith = (options: Partial<ProfileOptions>, secrets = ["k"]) => {
  const signing = aSigning({ secrets, options: { ...OPTION_DEFAULTS, ...options } });
  return hmac.headers(anEvent(), "Hello, World!", signing);
};

describe("the hmac profile", () => {
  it("sends the data itself as the body, byte for byte", () => {
    const data = ' {"b": 12345678901234567890, "a":1.0, "a":"\\u00e9\\/é"}\n';
    expect(hmac.body(anEvent({ data }))).toBe(data);
  });

  // The digests are those of Python: hmac.new(key, text, "sha256").
  it.each<[string, Partial<ProfileOptions>, Readonly<Record<string, string>>]>([
    [
      "mlflow's test scripts",
      { signatureHeader: "x-mlflow-signature" },
      { "x-mlflow-signature": "sha256=11316937114e6970aa59bd5326a6f38dd525f4ade64670e402bff41e2f7c4071" },
    ],
    [
      "a simple client",
      { signaturePrefix: false },
      { "X-Signature": "11316937114e6970aa59bd5326a6f38dd525f4ade64670e402bff41e2f7c4071" },
    ],
    [
      "base64",
      { signaturePrefix: false, signatureEncoding: "base64", signatureHeader: "X-Shop-Hmac-Sha256" },
      { "X-Shop-Hmac-Sha256": "ETFpNxFOaXCqWb1TJqbzjdUl9K3mRnDkAr/0Hi98QHE=" },
    ],
  ])("signs the body as %s expect it", (_, options, headers) => {
    expect(headersWith(options)).toEqual(headers);
  });

  it.each([
    ["timestamp.body", "1700000000.Hello, World!"],
    ["id.timestamp.body", "evt_2KWPBgLlAfxdpx2AI54pPJ85f4W.1700000000.Hello, World!"],
  ] as const)("signs %s with what the Standard Webhooks headers say", (signedContent, text) => {
    const digest = createHmac("sha256", "k").update(text).digest("hex");
    expect(headersWith({ signedContent })).toEqual({ "X-Signature": `sha256=${digest}` });
  });

  it("signs with the secret's own text, whsec_ included, one secret in turn", () => {
    const digest = createHmac("sha256", "whsec_new").update("Hello, World!").digest("hex");
    expect(headersWith({}, ["whsec_new", "old"])).toEqual({ "X-Signature": `sha256=${digest}` });
  });
});
