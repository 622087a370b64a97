import { describe, expect, it } from "vitest";
import { asEndpointId, asEventId } from "../../../src/core/brand.ts";
import type { DeadLetter, Delivery, DeliveryState } from "../../../src/core/delivery.ts";
import { createAttemptSlots } from "../../../src/deliver/attempt-slots.ts";
import type { Decided } from "../../../src/deliver/deliver.ts";
import { createResume } from "../../../src/deliver/resume.ts";

const delivery: Delivery = {
  event: { id: asEventId("evt_1"), type: "a.b", timestamp: "2026-01-01T00:00:00Z", data: "{}" },
  endpointId: asEndpointId("ep_1"),
  acceptedAt: 0,
  attempts: [],
  round: 0,
  heldSince: null,
};

const stateOf = (status: DeliveryState["status"]): DeliveryState => ({
  round: 0,
  status,
  attempts: [],
  nextAttemptAt: null,
  because: status === "buried" ? "gone" : null,
});

const job = { holdsLease: () => true, lendSlot: () => undefined };

/** Resuming whose ports note, in order, what they were asked; `recorded` is what the ledger knows. */
function stage(recorded: DeliveryState | null, tried: Decided | null) {
  const asked: string[] = [];
  const letters: DeadLetter[] = [];
  const { resume, giveUp } = createResume({
    ledger: { stateOf: async () => recorded },
    deliver: async () => tried ?? Promise.reject(new Error("nothing is to be sent")),
    outbox: {
      bury: async (letter) => {
        asked.push("outbox.bury");
        letters.push(letter);
      },
    },
    waiting: {
      add: async () => void asked.push("waiting.add"),
      remove: async () => void asked.push("waiting.remove"),
    },
    parking: { park: async (_, inMs) => void asked.push(`park ${inMs}`) },
    slots: createAttemptSlots({ monotonicMs: () => 0, idleMs: () => 0 }, () => false),
    system: { now: () => 0 },
  });
  const putJobBack = async (_: Delivery, inMs: number): Promise<never> => {
    asked.push(`put off ${inMs}`);
    throw new Error("put off");
  };
  return { resume, giveUp, asked, letters, putJobBack };
}

describe("a delivery that is resumed", () => {
  it("is taken out of those that wait when it was delivered", async () => {
    const { resume, asked, putJobBack } = stage(null, { verdict: { kind: "complete" }, delivery });
    await resume(delivery, job, putJobBack);
    expect(asked).toEqual(["waiting.remove"]);
  });

  it("is known to wait before its next attempt is booked", async () => {
    const { resume, asked, putJobBack } = stage(null, { verdict: { kind: "retry", inMs: 700 }, delivery });
    await expect(resume(delivery, job, putJobBack)).rejects.toThrow("put off");
    expect(asked).toEqual(["waiting.add", "put off 700"]);
  });

  it("leaves its job for its endpoint's line when it cannot go now", async () => {
    const { resume, asked, putJobBack } = stage(null, { verdict: { kind: "hold", inMs: 700 }, delivery });
    await resume(delivery, job, putJobBack);
    expect(asked).toEqual(["park 700"]);
  });

  it("is buried with what was tried of it", async () => {
    const verdict = { kind: "bury", because: "exhausted" } as const;
    const { resume, asked, letters, putJobBack } = stage(null, { verdict, delivery });
    await resume(delivery, job, putJobBack);
    expect(asked).toEqual(["outbox.bury"]);
    expect(letters).toMatchObject([{ kind: "delivery", because: "exhausted", delivery }]);
  });
});

describe("giving a delivery up", () => {
  it("does not bury what had been delivered before", async () => {
    const { giveUp, asked, putJobBack } = stage(stateOf("delivered"), null);
    await giveUp(delivery, "poison", putJobBack);
    expect(asked).toEqual(["waiting.remove"]);
  });

  it("buries what nothing was recorded of", async () => {
    const { giveUp, letters, putJobBack } = stage(null, null);
    await giveUp(delivery, "poison", putJobBack);
    expect(letters).toMatchObject([{ because: "poison" }]);
  });
});
