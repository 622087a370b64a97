import { describe, expect, it } from "vitest";
import { asEndpointId } from "../../../src/core/brand.ts";
import { type Endpoint, liveSecrets, type Secret, subscribes } from "../../../src/core/endpoint.ts";

function anEndpoint(changes: Partial<Endpoint> = {}): Endpoint {
  return {
    id: asEndpointId("ep_1"),
    url: "https://receiver.example/hook",
    events: ["*"],
    profile: "standard",
    furtherProfiles: [],
    profileOptions: { replayProtection: false, signaturePrefix: true, signatureHeader: "Stripe-Signature" },
    secrets: [],
    headers: {},
    timeoutMs: 15_000,
    retrySchedule: [2_000],
    maxInFlight: 10,
    description: "",
    isActive: true,
    disabledBecause: null,
    createdAt: "2025-03-04T05:06:07Z",
    updatedAt: "2025-03-04T05:06:07Z",
    ...changes,
  };
}

describe("liveSecrets", () => {
  const current: Secret = { value: "new", expiresAt: null };
  const retiring: Secret = { value: "old", expiresAt: 1_000 };

  it("holds both secrets while a rotation is under way, newest first", () => {
    expect(liveSecrets(anEndpoint({ secrets: [current, retiring] }), 999)).toEqual(["new", "old"]);
  });

  it("drops a secret at the moment it expires", () => {
    expect(liveSecrets(anEndpoint({ secrets: [current, retiring] }), 1_000)).toEqual(["new"]);
  });
});

describe("subscribes", () => {
  it("asks each of the endpoint's subscriptions", () => {
    const endpoint = anEndpoint({ events: ["model.registered", "job.*"] });
    expect(subscribes(endpoint, "model.registered")).toBe(true);
    expect(subscribes(endpoint, "job.completed")).toBe(true);
    expect(subscribes(endpoint, "task_started")).toBe(false);
  });

  it("is over while the endpoint is not active", () => {
    expect(subscribes(anEndpoint({ isActive: false }), "model.registered")).toBe(false);
  });
});
