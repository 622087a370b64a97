import { describe, expect, it } from "vitest";
import { asEndpointId, asEventId } from "../../../src/core/brand.ts";
import type { Claim, DeadLetter, Delivery, DeliveryState } from "../../../src/core/delivery.ts";
import type { Endpoint } from "../../../src/core/endpoint.ts";
import { createAttemptSlots } from "../../../src/deliver/attempt-slots.ts";
import { createDispatch } from "../../../src/deliver/dispatch.ts";
import { anEndpoint } from "../../support/endpoint.ts";

const event = { id: asEventId("evt_1"), type: "a.b", timestamp: "2026-01-01T00:00:00Z", data: "{}" };
const system = { now: () => 0, monotonicMs: () => 0, idleMs: () => 0, dice: () => 0, uuid: () => "u" };
const former = asEndpointId("ep_former");

const buriedState: DeliveryState = {
  round: 0,
  status: "buried",
  attempts: [
    {
      attemptNumber: 1,
      startedAt: "2026-01-01T00:00:00Z",
      durationMs: 1,
      outcome: "refused",
      status: 410,
      reason: null,
    },
  ],
  nextAttemptAt: null,
  because: "gone",
};

/** A dispatch whose ports are plain functions that remember what they were asked. */
function stage(claim: Claim, subscribed: readonly Endpoint[]) {
  const sent: Delivery[] = [];
  const scheduled: [Delivery, number][] = [];
  const parked: [Delivery, number][] = [];
  const buried: DeadLetter[] = [];
  const dispatch = createDispatch({
    ledger: {
      claim: async () => [claim],
      stateOf: async () => null,
      statesOf: async () => [],
    },
    endpoints: {
      get: () => undefined,
      subscribedTo: () => subscribed,
      disable: async () => true,
      reload: async () => undefined,
    },
    deliver: async (delivery) => {
      sent.push(delivery);
      return { verdict: { kind: "complete" }, delivery };
    },
    outbox: {
      schedule: async (delivery, inMs) => void scheduled.push([delivery, inMs]),
      scheduleFromLine: async () => undefined,
      bury: async (letter) => void buried.push(letter),
    },
    bus: {
      announce: async () => ({
        withheld: new Set(),
        conclude: async () => undefined,
        abandon: () => undefined,
      }),
    },
    waiting: { add: async () => undefined, remove: async () => undefined },
    parking: { park: async (delivery, inMs) => void parked.push([delivery, inMs]) },
    slots: createAttemptSlots(system, () => false),
    tell: () => undefined,
    system,
  });
  const run = (holdsLease = () => true) =>
    dispatch({ events: [event], holder: "1", acceptedAt: 0 }, { holdsLease, lendSlot: () => undefined });
  return { run, sent, scheduled, parked, buried };
}

describe("an events job that runs again after a crash", () => {
  it("still buries what was recorded for an endpoint that subscribes no more", async () => {
    const { run, buried, sent } = stage(
      { kind: "again", acceptedAt: 0, states: new Map([[former, buriedState]]) },
      [],
    );
    await run();
    expect(buried).toMatchObject([{ kind: "delivery", because: "gone", delivery: { endpointId: former } }]);
    expect(sent).toEqual([]);
  });

  it("hands on what the first run may have handed on, instead of sending it beside its own job", async () => {
    const { run, parked, sent } = stage({ kind: "again", acceptedAt: 7, states: new Map() }, [
      anEndpoint({}),
    ]);
    await run();
    // With the first run's time: a delivery that had another one would be another delivery.
    expect(parked).toMatchObject([[{ acceptedAt: 7 }, 0]]);
    expect(sent).toEqual([]);
  });

  it("sends at once when it runs for the first time", async () => {
    const { run, scheduled, sent } = stage({ kind: "fresh" }, [anEndpoint({})]);
    await run();
    expect(sent).toHaveLength(1);
    expect(scheduled).toEqual([]);
  });
});

describe("an events job that was lost while its events were claimed", () => {
  it("hands nothing on: whoever has it now may be sending it at this moment", async () => {
    const { run, parked, sent } = stage({ kind: "again", acceptedAt: 0, states: new Map() }, [
      anEndpoint({}),
    ]);
    await expect(run(() => false)).rejects.toMatchObject({ code: "JOB_LOST" });
    expect(parked).toEqual([]);
    expect(sent).toEqual([]);
  });
});
