import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { readRecord, writeRecord } from "../../../src/store/endpoint-record.ts";
import { createSealer } from "../../../src/store/sealing.ts";
import { anEndpoint } from "../../support/endpoint.ts";

const sealer = createSealer(randomBytes(32));
const whole = anEndpoint({
  secrets: [
    { value: "canary-secret", expiresAt: null },
    { value: "older", expiresAt: 5 },
  ],
  headers: { authorization: "canary-header" },
  rateLimit: { count: 5, perMs: 1_000 },
  metadata: { team: "search" },
  growsInFlight: true,
  traceHeaders: false,
});

describe("an endpoint's record", () => {
  it("gives back what was written, and shows neither secrets nor the values of headers", () => {
    const text = writeRecord(whole, sealer);
    expect(readRecord(text, sealer)).toEqual(whole);
    expect(text).not.toContain("canary");
  });

  it("has null for options that an older version stored and no profile of it heeds", () => {
    const written = (profile: string, furtherProfiles: readonly string[], signatureHeader: string) => {
      const { profileOptions, ...record } = JSON.parse(writeRecord(whole, sealer));
      const options = { ...profileOptions, signatureHeader };
      return readRecord(
        JSON.stringify({ ...record, profile, furtherProfiles, profileOptions: options }),
        sealer,
      );
    };
    expect(written("standard", [], "Stripe-Signature")).toEqual(whole);
    expect(written("hokusai", ["github"], "Acme").profileOptions.signatureHeader).toBeNull();
    expect(written("stripe", [], "Acme").profileOptions.signatureHeader).toBe("Acme");
    expect(written("github", ["stripe"], "Acme").profileOptions.signatureHeader).toBe("Acme");
  });

  it("has no option that is null, so that a version which knows texts only reads it, too", () => {
    expect(whole.profileOptions.signatureHeader).toBeNull();
    expect(JSON.parse(writeRecord(whole, sealer)).profileOptions).toEqual({
      replayProtection: false,
      signaturePrefix: true,
      signatureEncoding: "hex",
      signedContent: "body",
    });
  });

  it("is read where an older version wrote it, before there were rates, labels, profiles, destinations, traces and limits that grow", () => {
    const {
      rateLimit: _rate,
      metadata: _labels,
      furtherProfiles: _profiles,
      signsDestinations: _destinations,
      growsInFlight: _grows,
      traceHeaders: _traces,
      ...older
    } = JSON.parse(writeRecord(whole, sealer));
    expect(readRecord(JSON.stringify(older), sealer)).toEqual({
      ...whole,
      rateLimit: null,
      metadata: {},
      growsInFlight: false,
      traceHeaders: null,
    });
  });
});
