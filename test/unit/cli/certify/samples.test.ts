import { describe, expect, it } from "vitest";
import { validateData } from "../../../../src/catalogue/validate-data.ts";
import { sampleEvent } from "../../../../src/cli/certify/samples.ts";
import { PROFILE_NAMES } from "../../../../src/core/endpoint.ts";
import { EVENT_DATA_MAX_BYTES, EVENT_ID_PATTERN, isEventType } from "../../../../src/core/event.ts";
import { profiles } from "../../../../src/wire/profiles.ts";

const UUIDS = ["6f2b1c5e-0d3a-4c39-9a51-2f0b8f4c9e11", "0b9e4c1a-6f0d-4d3b-8a75-1c2d3e4f5a6b"] as const;

describe.each(PROFILE_NAMES)("the event that receivers of %s are certified with", (profile) => {
  const event = sampleEvent(profile, UUIDS[0], 0);

  it("is one that could be published, and is of the family", () => {
    expect(event.id).toMatch(EVENT_ID_PATTERN);
    expect(isEventType(event.type)).toBe(true);
    expect(validateData(event.type, JSON.parse(event.data))).toEqual([]);
  });

  it("has an id of its own, also where the receiver looks for it", () => {
    const other = sampleEvent(profile, UUIDS[1], 0);
    expect(other.id).not.toBe(event.id);
    expect(profiles[profile].body(other)).not.toBe(profiles[profile].body(event));
  });

  it("can be as big as an event may be, all of which reaches the body", () => {
    const big = sampleEvent(profile, UUIDS[0], 0, EVENT_DATA_MAX_BYTES);
    expect(Buffer.byteLength(big.data)).toBe(EVENT_DATA_MAX_BYTES);
    expect(validateData(big.type, JSON.parse(big.data))).toEqual([]);
    expect(profiles[profile].body(big).length).toBeGreaterThanOrEqual(EVENT_DATA_MAX_BYTES);
  });
});
