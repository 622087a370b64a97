import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { asEventId } from "../../../src/core/brand.ts";
import { PROFILE_NAMES } from "../../../src/core/endpoint.ts";
import { ed25519Secret, publicKeyOf } from "../../../src/wire/ed25519.ts";
import { profiles } from "../../../src/wire/profiles.ts";
import { signRequest } from "../../../src/wire/sign.ts";
import { secretFrom, secretProblem, standardWebhooksHeaders } from "../../../src/wire/standard-webhooks.ts";
import { casesOf } from "../../support/depth.ts";
import { acceptsEd25519, incoming } from "../../support/family-receivers.ts";
import { anEvent, aSigning, NEW_SECRET, OLD_SECRET } from "./samples.ts";

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

describe("Ed25519 signatures", () => {
  const PRIVATE =
    "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";
  const PUBLIC = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";
  const V1A = "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==";
  const sign = (...secrets: readonly string[]) =>
    standardWebhooksHeaders(
      asEventId("msg_p5jXN8AQM9LWM0D4loKWxJek"),
      '{"test": 2432232314}',
      aSigning({ secrets, timestamp: 1_614_265_330 }),
    )["webhook-signature"];

  it("agree with the vector, and so does the public key", () => {
    expect(sign(PRIVATE)).toBe(V1A);
    expect(publicKeyOf(PRIVATE)).toBe(PUBLIC);
  });

  it("grow from the same 32 bytes as a shared secret", () => {
    const seed = Buffer.from(PRIVATE.slice(5), "base64").subarray(0, 32);
    expect(secretFrom(seed, true)).toBe(PRIVATE);
    expect(secretFrom(seed, false)).toBe(`whsec_${seed.toString("base64")}`);
    expect(secretProblem(secretFrom(seed, false), "standard")).toBeNull();
  });

  it("stand beside shared ones while an endpoint moves from one kind to the other", () => {
    expect(sign(PRIVATE, OLD_SECRET)).toBe(`${V1A} v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=`);
  });

  it("are accepted with the public key alone, for random secrets and messages, and only unchanged", () => {
    const accepted = fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.json(), (seed, data) => {
      const secret = ed25519Secret(Buffer.from(seed));
      expect(secretProblem(secret, "standard")).toBeNull();
      const signing = aSigning({ secrets: [secret] });
      const { body, headers } = signRequest(anEvent({ data }), profiles.standard, signing);
      const request = incoming(signing.url, body, headers);
      expect(acceptsEd25519(request, publicKeyOf(secret))).toBe(true);
      expect(acceptsEd25519({ ...request, body: `${body} ` }, publicKeyOf(secret))).toBe(false);
    });
    fc.assert(accepted, { seed: 20_250_304, numRuns: casesOf(1_000) });
  });

  it.each([
    ["half a key", `whsk_${Buffer.alloc(32).toString("base64")}`, "expected 64 bytes after whsk_, got 32"],
    ["a line break", `${PRIVATE}\n`, "expected padded base64 after whsk_, got something else"],
    [
      "halves of two pairs",
      `whsk_${Buffer.concat([Buffer.from(PRIVATE.slice(5), "base64").subarray(0, 32), Buffer.alloc(32, 1)]).toString("base64")}`,
      "expected a seed and its public key after whsk_, got two that do not belong together",
    ],
    ["the public key", PUBLIC, "expected a secret, got a public key"],
  ])("are not made with %s", (_, secret, problem) => {
    expect(secretProblem(secret, "standard")).toBe(problem);
  });

  it.each(PROFILE_NAMES.filter((name) => name !== "standard"))(
    "are not made for %s, whose receivers would need the private key",
    (name) => {
      expect(secretProblem(PRIVATE, name)).toContain("got an Ed25519 private key");
    },
  );
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
  });

  it.each([
    ["base64 alone", "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=", "put whsec_ before it"],
    ["a version before whsec_", `v1,${OLD_SECRET}`, "leave out everything before whsec_"],
    ["text", "correct horse battery staple", "leave it out to have one made"],
  ])(
    "refuses %s for standard, with the right form, and takes it for families that sign with text",
    (_, ...[secret, remedy]) => {
      const problem = secretProblem(secret ?? "", "standard");
      expect(problem).toContain("expected whsec_ and the base64 of 24 to 64 bytes");
      expect(problem).toContain(remedy);
      expect(problem).not.toContain(secret);
      expect(secretProblem(secret ?? "", "hokusai")).toBeNull();
    },
  );

  it("never repeats the secret", () => {
    expect(secretProblem("whsec_topsecret", "standard")).not.toContain("topsecret");
  });
});
