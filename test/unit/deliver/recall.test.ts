import { describe, expect, it } from "vitest";
import { asEndpointId, asEventId } from "../../../src/core/brand.ts";
import type { Delivery, DeliveryState, PastAttempt } from "../../../src/core/delivery.ts";
import { recall } from "../../../src/deliver/recall.ts";

const attempt = (attemptNumber: number): PastAttempt => ({
  attemptNumber,
  startedAt: "2026-01-01T00:00:00.000Z",
  durationMs: 5,
  outcome: "refused",
  status: 503,
  reason: null,
});

const delivery = (attempts: number, round = 0): Delivery => ({
  event: { id: asEventId("evt_1"), type: "a.b", timestamp: "2026-01-01T00:00:00Z", data: "{}" },
  endpointId: asEndpointId("ep_1"),
  acceptedAt: 0,
  attempts: Array.from({ length: attempts }, (_, n) => attempt(n + 1)),
  round,
  heldSince: 77,
});

const state = (status: DeliveryState["status"], attempts: number, round = 0): DeliveryState => ({
  round,
  status,
  attempts: Array.from({ length: attempts }, (_, n) => attempt(n + 1)),
  nextAttemptAt: status === "retrying" ? 5_000 : null,
  because: status === "buried" ? "exhausted" : null,
});

describe("what a re-run takes from the ledger", () => {
  it("is nothing where nothing was recorded", () => {
    expect(recall(delivery(0), null, 1_000)).toBeNull();
    expect(recall(delivery(0), undefined, 1_000)).toBeNull();
  });

  it("is a delivery that had been made", () => {
    expect(recall(delivery(0), state("delivered", 1), 1_000)?.verdict).toEqual({ kind: "complete" });
  });

  it("is a failed attempt with what is left of its wait, and with the attempt itself", () => {
    const settled = recall(delivery(1), state("retrying", 2), 1_000);
    expect(settled?.verdict).toEqual({ kind: "retry", inMs: 4_000 });
    expect(settled?.delivery.attempts).toHaveLength(2);
    expect(settled?.delivery.heldSince).toBeNull();
  });

  it("is no wait at all where the time has passed meanwhile", () => {
    expect(recall(delivery(1), state("retrying", 2), 9_000)?.verdict).toEqual({ kind: "retry", inMs: 0 });
  });

  it("is a burial, so that a letter lost in the crash is written again", () => {
    expect(recall(delivery(5), state("buried", 6), 0)?.verdict).toEqual({
      kind: "bury",
      because: "exhausted",
    });
  });

  it("is a burial with the attempts the delivery knows of, where those of its state could not be read", () => {
    const settled = recall(delivery(1), state("buried", 0), 0);
    expect(settled?.verdict).toMatchObject({ kind: "bury" });
    expect(settled?.delivery.attempts).toHaveLength(1);
  });

  it("is nothing the delivery knows already, or an earlier round came to", () => {
    expect(recall(delivery(1), state("retrying", 1), 0)).toBeNull();
    expect(recall(delivery(2), state("retrying", 1), 0)).toBeNull();
    expect(recall(delivery(0, 1), state("buried", 6, 0), 0)).toBeNull();
  });

  it("is that it was delivered, also when another worker made more attempts of it meanwhile", () => {
    expect(recall(delivery(3), state("delivered", 2), 0)?.verdict).toEqual({ kind: "complete" });
  });

  it("is that it was cancelled, however many attempts either knows of", () => {
    for (const attempts of [0, 1, 2])
      expect(recall(delivery(1), state("cancelled", attempts), 0)?.verdict).toEqual({ kind: "complete" });
    expect(recall(delivery(0, 1), state("cancelled", 1, 0), 0)).toBeNull();
  });

  it("is nothing where it has only been held so far", () => {
    expect(recall(delivery(0), state("held", 0), 0)).toBeNull();
    expect(recall(delivery(0, 1), state("held", 0, 1), 0)).toBeNull();
  });

  it("is nothing more to do once a replay has begun a later round", () => {
    expect(recall(delivery(2, 0), state("retrying", 1, 1), 0)?.verdict).toEqual({ kind: "complete" });
  });
});
