import { describe, expect, it } from "vitest";
import { asEndpointId, asEventId } from "../../../src/core/brand.ts";
import type { Endpoint } from "../../../src/core/endpoint.ts";
import type { Destination } from "../../../src/core/event.ts";
import { addresseeOf, ownDestinations } from "../../../src/endpoints/destinations.ts";
import { anEndpoint } from "../../support/endpoint.ts";

const aDestination = (changes: Partial<Destination> = {}): Destination => ({
  url: "https://starter.example.com/callbacks/7",
  events: ["*"],
  profile: null,
  keyId: "ep_1",
  ...changes,
});
const event = { id: asEventId("evt_1"), type: "task_failed", timestamp: "2026-01-01T00:00:00Z", data: "{}" };

describe("the destinations of an event", () => {
  it("have one id per URL, profile and key, whatever else they say", () => {
    const idsOf = (...destinations: readonly Destination[]) => [
      ...ownDestinations({ ...event, destinations }).keys(),
    ];
    const [id] = idsOf(aDestination());
    expect(id).toMatch(/^dst_[0-9a-f]{32}$/);
    expect(idsOf(aDestination(), aDestination({ events: ["failed"] }))).toEqual([id]);
    const others = [{ url: "https://a.example/" }, { profile: "ai-core" }, { keyId: "k" }].map(aDestination);
    expect(new Set([id, ...idsOf(...others)]).size).toBe(4);
  });

  it("are only those that want it", () => {
    const destinations = [aDestination({ events: ["completed"] })];
    expect(ownDestinations({ ...event, destinations }).size).toBe(0);
    expect(ownDestinations(event).size).toBe(0);
  });
});

describe("the addressee of a destination's delivery", () => {
  const addressee = (destination: Destination, signer: Partial<Endpoint> = {}): Endpoint | undefined => {
    const registered = anEndpoint({ signsDestinations: true, ...signer });
    const endpoints = {
      get: (id: string) => (id === registered.id ? registered : undefined),
      subscribedTo: () => [],
      disable: () => Promise.resolve(),
    };
    const endpointId = asEndpointId("dst_1");
    const delivery = {
      event,
      endpointId,
      destination,
      acceptedAt: 0,
      attempts: [],
      round: 0,
      heldSince: null,
    };
    return addresseeOf(delivery, endpoints);
  };

  it("has the destination's URL and id, and all else of the endpoint that signs", () => {
    const secrets = [{ value: "s", expiresAt: null }];
    const signer = { secrets, profile: "ai-core" as const, timeoutMs: 7, retrySchedule: [1], maxInFlight: 3 };
    expect(addressee(aDestination(), signer)).toMatchObject({
      id: "dst_1",
      url: "https://starter.example.com/callbacks/7",
      ...signer,
    });
  });

  it("gets none of that endpoint's headers but the User-Agent: they may open its own receiver", () => {
    const headers = { Authorization: "Bearer s3cret", "user-agent": "AI-Core/2" };
    expect(addressee(aDestination(), { headers })?.headers).toEqual({ "user-agent": "AI-Core/2" });
  });

  it("is signed for in a profile that the key was registered for, and in no other", () => {
    const signer = { profile: "standard", furtherProfiles: ["github"] } as const;
    expect(addressee(aDestination(), signer)).toMatchObject(signer);
    expect(addressee(aDestination({ profile: "github" }), signer)).toMatchObject({
      profile: "github",
      furtherProfiles: [],
    });
    expect(addressee(aDestination({ profile: "ai-core" }), signer)).toBeUndefined();
  });

  it("is nobody where no such endpoint is registered, or it does not sign for destinations", () => {
    expect(addressee(aDestination({ keyId: "unknown" }))).toBeUndefined();
    expect(addressee(aDestination(), { signsDestinations: false })).toBeUndefined();
  });

  it("is served although the signing endpoint's own receiver is gone", () => {
    expect(addressee(aDestination(), { isActive: false, disabledBecause: "gone" })?.isActive).toBe(true);
  });
});
