import { describe, expect, it } from "vitest";
import { asEventId } from "../../../src/core/brand.ts";
import { secretProblem, standardWebhooksHeaders } from "../../../src/wire/standard-webhooks.ts";
import { aSigning, NEW_SECRET, OLD_SECRET } from "./samples.ts";

const whsec = (bytes: number) => `whsec_${Buffer.alloc(bytes, 0xab).toString("base64")}`;

describe("Standard Webhooks headers", () => {
  it("agree with the specification's vector", () => {
    const headers = standardWebhooksHeaders(
      asEventId("msg_p5jXN8AQM9LWM0D4loKWxJek"),
      '{"test": 2432232314}',
      aSigning({ timestamp: 1_614_265_330 }),
    );
    expect(headers).toEqual({
      "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
      "webhook-timestamp": "1614265330",
      "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    });
  });

  it("carry one signature per live secret, in the order of the secrets", () => {
    const headers = standardWebhooksHeaders(
      asEventId("msg_rot"),
      '{"a":1}',
      aSigning({ secrets: [OLD_SECRET, NEW_SECRET] }),
    );
    expect(headers["webhook-signature"]).toBe(
      "v1,6kLJZE4eAeGL1Oq0gq6ozj9T6Kr6C8HRoKl3actEBUk= v1,5hK+qG6mhwofCpwvM14o2xNmyweLnf39tOQblWiDpcg=",
    );
  });

  it("sign with the decoded bytes behind whsec_, and with the UTF-8 bytes of any other secret", () => {
    const key = "24 bytes of plain ASCII!";
    const sign = (secret: string) =>
      standardWebhooksHeaders(asEventId("evt_1"), "{}", aSigning({ secrets: [secret] }));
    expect(sign(`whsec_${Buffer.from(key).toString("base64")}`)).toEqual(sign(key));
  });
});

describe("secretProblem", () => {
  it.each([24, 25, 26, 32, 64])("accepts whsec_ with %i bytes", (bytes) => {
    expect(secretProblem(whsec(bytes), "standard")).toBeNull();
  });

  it.each([0, 1, 23, 65])("refuses whsec_ with %i bytes and says how many came", (bytes) => {
    expect(secretProblem(whsec(bytes), "standard")).toBe(
      `expected 24 to 64 bytes after whsec_, got ${bytes}`,
    );
  });

  it.each([
    ["a character outside the alphabet", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2La*aSw"],
    ["the URL alphabet", `whsec_${"-_".repeat(16)}`],
    ["missing padding", whsec(25).replaceAll("=", "")],
    ["a line break", `${OLD_SECRET}\n`],
    ["bits that no encoder leaves", whsec(25).replace("w==", "x==")],
  ])("refuses %s in the base64, which Buffer would swallow", (_, secret) => {
    expect(Buffer.from(secret.slice(6), "base64").length).toBeGreaterThanOrEqual(23);
    expect(secretProblem(secret, "standard")).toBe("expected padded base64 after whsec_, got something else");
  });

  it("checks whsec_ for hokusai too, since webhook-signature is sent to everyone", () => {
    expect(secretProblem("whsec_oops!", "hokusai")).not.toBeNull();
  });

  it("refuses an empty secret for every profile", () => {
    expect(secretProblem("", "standard")).toBe("expected a secret, got an empty string");
    expect(secretProblem("", "hokusai")).toBe("expected a secret, got an empty string");
  });

  it("refuses white space around a plain secret, except where old receivers already hold it", () => {
    expect(secretProblem("s3cret\n", "standard")).toContain("white space");
    expect(secretProblem("s3cret\n", "hokusai")).toBeNull();
    expect(secretProblem("s3 cret", "standard")).toBeNull();
  });

  it("never repeats the secret", () => {
    expect(secretProblem("whsec_topsecret", "standard")).not.toContain("topsecret");
  });
});
