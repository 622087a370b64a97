import { describe, expect, it } from "vitest";
import { asEndpointId, asEventId } from "../../../src/core/brand.ts";
import { deliveryId, type PastAttempt, readDeliveryId, stateAfter } from "../../../src/core/delivery.ts";
import { BURY_REASONS } from "../../../src/core/verdict.ts";

const ATTEMPTS: readonly PastAttempt[] = [
  {
    attemptNumber: 1,
    startedAt: "2025-03-04T05:06:07Z",
    durationMs: 12,
    outcome: "refused",
    status: 503,
    reason: null,
  },
];

describe("stateAfter", () => {
  it("is delivered after complete", () => {
    expect(stateAfter({ kind: "complete" }, ATTEMPTS, { round: 2 }, 1_000)).toEqual({
      round: 2,
      status: "delivered",
      attempts: ATTEMPTS,
      nextAttemptAt: null,
      because: null,
    });
  });

  it("is retrying after retry, and knows when", () => {
    expect(stateAfter({ kind: "retry", inMs: 2_000 }, ATTEMPTS, { round: 0 }, 1_000)).toEqual({
      round: 0,
      status: "retrying",
      attempts: ATTEMPTS,
      nextAttemptAt: 3_000,
      because: null,
    });
  });

  it.each(BURY_REASONS)("is buried after bury, and keeps the reason: %s", (because) => {
    expect(stateAfter({ kind: "bury", because }, ATTEMPTS, { round: 0 }, 1_000)).toEqual({
      round: 0,
      status: "buried",
      attempts: ATTEMPTS,
      nextAttemptAt: null,
      because,
    });
  });
});

describe("deliveryId", () => {
  it("joins the event's id and the endpoint's", () => {
    const event = { id: asEventId("evt_1"), type: "a", timestamp: "2025-03-04T05:06:07Z", data: "{}" };
    expect(deliveryId({ event, endpointId: asEndpointId("ep_1") })).toBe("evt_1.ep_1");
  });
});

describe("readDeliveryId", () => {
  it("gives back what a delivery's id was made of", () => {
    expect(readDeliveryId("evt_1.ep_1")).toEqual({ eventId: "evt_1", endpointId: "ep_1" });
  });

  it.each(["", "evt_1", "evt_1.", ".ep_1", "a.b.c", "a b.c", `${"a".repeat(65)}.b`, "../..", "évt.ep"])(
    "refuses what is none: %j",
    (text) => {
      expect(readDeliveryId(text)).toBeNull();
    },
  );
});
