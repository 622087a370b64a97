import fc from "fast-check";
import { Webhook as StandardWebhook } from "standardwebhooks";
import { Webhook as SvixWebhook } from "svix";
import { describe, expect, it } from "vitest";
import packageJson from "../../../package.json" with { type: "json" };
import { asEventId } from "../../../src/core/brand.ts";
import { PROFILE_NAMES } from "../../../src/core/endpoint.ts";
import { profiles } from "../../../src/wire/profiles.ts";
import { signRequest } from "../../../src/wire/sign.ts";
import { VERSION } from "../../../src/wire/version.ts";
import { anEvent, aSigning } from "./samples.ts";

const secret = fc
  .uint8Array({ minLength: 24, maxLength: 64 })
  .map((bytes) => `whsec_${Buffer.from(bytes).toString("base64")}`);

const message = fc.record({
  id: fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/),
  type: fc.stringMatching(/^[a-z0-9_]{1,12}(\.[a-z0-9_]{1,12}){0,3}$/),
  data: fc.json({ stringUnit: "binary" }),
  secrets: fc.uniqueArray(secret, { minLength: 1, maxLength: 2 }),
  profile: fc.constantFrom(...PROFILE_NAMES),
});

describe("signRequest", () => {
  it("is accepted by the standardwebhooks and svix packages, whichever live secret the receiver holds", () => {
    // The packages compare with the clock and allow five minutes.
    const timestamp = Math.floor(Date.now() / 1_000);
    const accepted = fc.property(message, ({ id, type, data, secrets, profile }) => {
      const event = anEvent({ id: asEventId(id), type, data });
      const { body, headers } = signRequest(event, profiles[profile], aSigning({ secrets, timestamp }));
      for (const held of secrets) {
        expect(new StandardWebhook(held).verify(body, headers)).toEqual(JSON.parse(body));
        new SvixWebhook(held).verify(body, headers);
      }
    });
    fc.assert(accepted, { seed: 20_250_304, numRuns: 1_000 });
  });

  it("is refused by both packages when one byte of the body changes", () => {
    const timestamp = Math.floor(Date.now() / 1_000);
    const [held, signing] = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", aSigning({ timestamp })];
    const { body, headers } = signRequest(anEvent(), profiles.standard, signing);
    expect(() => new StandardWebhook(held).verify(`${body} `, headers)).toThrow("No matching signature");
    expect(() => new SvixWebhook(held).verify(`${body} `, headers)).toThrow("No matching signature");
  });

  it("signs a plain secret so that a receiver with the raw bytes accepts it", () => {
    const signing = aSigning({
      secrets: ["clé de démonstration"],
      timestamp: Math.floor(Date.now() / 1_000),
    });
    const { body, headers } = signRequest(anEvent(), profiles.standard, signing);
    const key = new TextEncoder().encode("clé de démonstration");
    expect(() => new StandardWebhook(key, { format: "raw" }).verify(body, headers)).not.toThrow();
  });

  it.each(PROFILE_NAMES)(
    "gives every %s request its type, its sender and its Standard Webhooks headers",
    (name) => {
      const { headers } = signRequest(anEvent(), profiles[name], aSigning());
      expect(headers).toMatchObject({
        "Content-Type": "application/json",
        "User-Agent": `Hookwave/${VERSION}`,
        "webhook-id": anEvent().id,
        "webhook-timestamp": "1700000000",
      });
      expect(headers["webhook-signature"]).toMatch(/^v1,[A-Za-z0-9+/]{43}=$/);
    },
  );

  it("names the version that package.json names", () => {
    expect(VERSION).toBe(packageJson.version);
  });
});

describe("profiles", () => {
  it.each(PROFILE_NAMES)("holds %s under its own name", (name) => {
    expect(profiles[name].name).toBe(name);
  });

  it.each(PROFILE_NAMES)("%s retries every status that is not a success", (name) => {
    for (let status = 300; status < 600; status += 1) expect(profiles[name].isFinal(status)).toBe(false);
  });
});
