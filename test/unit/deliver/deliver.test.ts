import { describe, expect, it } from "vitest";
import { asEventId } from "../../../src/core/brand.ts";
import { createDeliver } from "../../../src/deliver/deliver.ts";
import { createLimits } from "../../../src/deliver/limits.ts";
import { anEndpoint } from "../../support/endpoint.ts";

const endpoint = anEndpoint({ maxInFlight: 1 });
const delivery = {
  event: { id: asEventId("evt_1"), type: "a.b", timestamp: "2026-01-01T00:00:00Z", data: "{}" },
  endpointId: endpoint.id,
  acceptedAt: 0,
  attempts: [],
  round: 0,
  heldSince: null,
};

describe("an attempt that could not even be admitted", () => {
  it("gives its place in the lane back when asking for the probe failed", async () => {
    const limits = createLimits(() => 0);
    const deliver = createDeliver({
      endpoints: { get: () => endpoint, subscribedTo: () => [endpoint], disable: async () => undefined },
      transport: {
        post: () => Promise.reject(new Error("nothing is to be sent")),
        close: async () => undefined,
        abandon: async () => undefined,
      },
      limits,
      breakers: {
        closedInMs: () => 0,
        admit: () => Promise.reject(new Error("Redis is away")),
        report: () => undefined,
        close: () => undefined,
      },
      rate: { enter: async () => ({ kind: "begin", inMs: 0 }) },
      record: async () => undefined,
      tell: () => undefined,
      system: { now: () => 0, monotonicMs: () => 0, dice: () => 0, uuid: () => "u" },
      holdMaxAgeMs: 1_000,
    });

    for (let n = 0; n < 3; n += 1) await expect(deliver(delivery)).rejects.toThrow("Redis is away");

    expect(limits.enter(endpoint)).toBe(0);
  });
});
