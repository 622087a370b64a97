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
});

describe("an endpoint's record", () => {
  it("gives back what was written, and shows neither secrets nor the values of headers", () => {
    const text = writeRecord(whole, sealer);
    expect(readRecord(text, sealer)).toEqual(whole);
    expect(text).not.toContain("canary");
  });

  it("is read where an older version wrote it, before there were rates, labels, profiles, destinations and limits that grow", () => {
    const {
      rateLimit: _rate,
      metadata: _labels,
      furtherProfiles: _profiles,
      signsDestinations: _destinations,
      growsInFlight: _grows,
      ...older
    } = JSON.parse(writeRecord(whole, sealer));
    expect(readRecord(JSON.stringify(older), sealer)).toEqual({
      ...whole,
      rateLimit: null,
      metadata: {},
      growsInFlight: false,
    });
  });
});
