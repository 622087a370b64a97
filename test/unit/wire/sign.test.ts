import { Webhook as StandardWebhook } from "standardwebhooks";
import { Webhook as SvixWebhook } from "svix";
import { describe, expect, it } from "vitest";
import packageJson from "../../../package.json" with { type: "json" };
import {
  OPTION_DEFAULTS,
  PROFILE_NAMES,
  type ProfileOptions,
  unheededOptions,
} from "../../../src/core/endpoint.ts";
import { profiles } from "../../../src/wire/profiles.ts";
import { signRequest } from "../../../src/wire/sign.ts";
import { VERSION } from "../../../src/wire/version.ts";
import { anEvent, aSigning } from "./samples.ts";

describe("signRequest", () => {
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

const OTHER_OPTIONS: ProfileOptions = {
  replayProtection: true,
  signaturePrefix: false,
  signatureHeader: "X-Acme",
  signatureEncoding: "base64",
  signedContent: "timestamp.body",
};

describe("profiles", () => {
  it.each(PROFILE_NAMES)("%s heeds those options that are taken for it, and no others", (name) => {
    const headersWith = (options: ProfileOptions) =>
      JSON.stringify(profiles[name].headers(anEvent(), "{}", aSigning({ options })));
    const usual = headersWith(OPTION_DEFAULTS);
    const heeded = Object.entries(OTHER_OPTIONS).filter(
      ([option, value]) => headersWith({ ...OPTION_DEFAULTS, [option]: value }) !== usual,
    );
    const unheeded = unheededOptions(OTHER_OPTIONS, [name]).map(({ option }) => option);
    expect([...heeded.map(([option]) => option), ...unheeded].toSorted()).toEqual(
      Object.keys(OPTION_DEFAULTS).toSorted(),
    );
  });

  it.each(PROFILE_NAMES.filter((name) => name !== "ai-core"))(
    "%s retries every status that is not a success",
    (name) => {
      for (let status = 300; status < 600; status += 1) expect(profiles[name].isFinal(status)).toBe(false);
    },
  );

  it("ai-core retries 5xx and nothing else", () => {
    for (let status = 300; status < 600; status += 1)
      expect(profiles["ai-core"].isFinal(status)).toBe(status < 500);
  });
});
