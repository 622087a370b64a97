import { describe, expect, it } from "vitest";
import { asEndpointId, type EndpointId } from "../../../src/core/brand.ts";
import type { Endpoint } from "../../../src/core/endpoint.ts";
import type { Outcome } from "../../../src/core/outcome.ts";
import { createLimits } from "../../../src/deliver/limits.ts";
import { anEndpoint } from "../../support/endpoint.ts";

const id = asEndpointId("ep_1");
const endpoint = (maxInFlight: number): Endpoint => anEndpoint({ id, maxInFlight });

const delivered: Outcome = { kind: "delivered", status: 200 };
const overloaded: Outcome = { kind: "refused", status: 503, retryAfterMs: null, instruction: null };

/** Limits with a clock that moves only when told. */
function withClock() {
  let nowMs = 0;
  const limits = createLimits(() => nowMs);
  return {
    limits,
    pass: (ms: number) => {
      nowMs += ms;
    },
    /** How many enter at once before one has to wait or is turned away. */
    room: (one: Endpoint): number => {
      let entered = 0;
      for (;;) {
        const answer = limits.enter(one);
        // The one too many stays in line; who uses this asks nothing more of the lane's order.
        if (answer !== 0) return entered;
        entered += 1;
      }
    },
  };
}

describe("an endpoint's lane", () => {
  it("admits as many as its cap at once and lets the next in when one leaves", async () => {
    const { limits } = withClock();
    expect([limits.enter(endpoint(2)), limits.enter(endpoint(2))]).toEqual([0, 0]);

    const third = limits.enter(endpoint(2));
    limits.leave(id, 5, delivered);

    expect(await third).toBe(0);
  });

  it("halves its cap at an overload", () => {
    const { limits, room } = withClock();
    limits.enter(endpoint(8));
    limits.leave(id, 5, overloaded);
    expect(room(endpoint(8))).toBe(4);
  });

  it("grows its cap back with successes", () => {
    const { limits, room } = withClock();
    limits.enter(endpoint(8));
    limits.leave(id, 5, overloaded);
    for (let n = 0; n < 60; n += 1) {
      limits.enter(endpoint(8));
      limits.leave(id, 5, delivered);
    }
    expect(room(endpoint(8))).toBe(8);
  });

  it("starts again with one at a time after an outage", () => {
    const { limits, room } = withClock();
    limits.enter(endpoint(8));
    limits.leave(id, 5, delivered);
    limits.restart(id);
    expect(room(endpoint(8))).toBe(1);
  });

  it("turns a delivery away at once when nothing has left for longer than its patience", async () => {
    const { limits, pass } = withClock();
    limits.enter(endpoint(1));
    pass(2_000);
    expect(await limits.enter(endpoint(1))).toBeGreaterThanOrEqual(500);
  });

  it("does not take an idle hour for a stall", () => {
    const { limits, pass } = withClock();
    limits.enter(endpoint(1));
    limits.leave(id, 5, delivered);
    pass(3_600_000);
    limits.enter(endpoint(1));
    expect(limits.enter(endpoint(1))).toBeInstanceOf(Promise);
  });

  it("books held deliveries one after the other, at the pace the endpoint has shown", async () => {
    const { limits, pass } = withClock();
    limits.enter(endpoint(1));
    pass(2_000);
    const holds = [1, 2, 3, 4].map(() => limits.enter(endpoint(1)));
    const waits = await Promise.all(holds);
    expect(waits).toEqual(waits.toSorted((a, b) => a - b));
    expect(new Set(waits).size).toBe(4);
    expect(waits.at(-1)).toBeLessThan(10_000);
  });

  it("does not let a line grow longer than a second's work", async () => {
    const { limits } = withClock();
    for (let n = 0; n < 20; n += 1) {
      limits.enter(endpoint(1));
      limits.leave(id, 200, delivered);
    }
    limits.enter(endpoint(1));
    const answers = Array.from({ length: 50 }, () => limits.enter(endpoint(1)));
    const waiting = answers.filter((answer) => typeof answer !== "number");
    expect(waiting.length).toBeGreaterThan(1);
    expect(waiting.length).toBeLessThan(12);
  });
});

describe("the lane of a destination", () => {
  const roomAfterTrouble = (laneId: EndpointId): number => {
    const { limits, room } = withClock();
    const one = anEndpoint({ id: laneId, maxInFlight: 4 });
    limits.enter(one);
    limits.leave(laneId, 5, overloaded);
    return room(one);
  };

  it("is forgotten once nothing is under way, unlike an endpoint's", () => {
    expect(roomAfterTrouble(id)).toBe(2);
    expect(roomAfterTrouble(asEndpointId("dst_1"))).toBe(4);
  });

  it("is kept while held deliveries are booked to come back", async () => {
    const { limits, pass } = withClock();
    const one = anEndpoint({ id: asEndpointId("dst_1"), maxInFlight: 1 });
    limits.enter(one);
    pass(2_000);
    for (let n = 0; n < 10; n += 1) await limits.enter(one);
    limits.leave(one.id, 5, delivered);
    limits.enter(one);
    pass(1_500);
    // Behind the ten that were booked before, a second apart.
    expect(await limits.enter(one)).toBeGreaterThan(5_000);
  });
});
