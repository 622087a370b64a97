import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { asEndpointId, type EndpointId } from "../../../src/core/brand.ts";
import type { Endpoint } from "../../../src/core/endpoint.ts";
import type { Outcome } from "../../../src/core/outcome.ts";
import { type ConcurrencyLimits, createConcurrencyLimits } from "../../../src/deliver/concurrency-limits.ts";
import { anEndpoint } from "../../support/endpoint.ts";

const id = asEndpointId("ep_1");
const endpoint = (maxInFlight: number): Endpoint => anEndpoint({ id, maxInFlight });

const delivered: Outcome = { kind: "delivered", status: 200 };
const overloaded: Outcome = { kind: "refused", status: 503, retryAfterMs: null, instruction: null };

const openMany = (
  limits: ConcurrencyLimits,
  count: number,
  one: Endpoint,
): readonly (number | Promise<number>)[] => Array.from({ length: count }, () => limits.enter(one));

const admittedAtOnce = (answers: readonly (number | Promise<number>)[]): number =>
  answers.filter((answer) => answer === 0).length;

let limits: ConcurrencyLimits;

beforeEach(() => {
  vi.useFakeTimers();
  limits = createConcurrencyLimits(() => performance.now());
});

afterEach(() => {
  vi.useRealTimers();
});

describe("an endpoint's concurrency limit", () => {
  it("admits as many as its cap at once and lets the next in when one leaves", async () => {
    expect(openMany(limits, 2, endpoint(2))).toEqual([0, 0]);

    const third = limits.enter(endpoint(2));
    limits.leave(id, 5, delivered);

    expect(await third).toBe(0);
  });

  it("halves its cap at an overload", () => {
    limits.enter(endpoint(8));
    limits.leave(id, 5, overloaded);
    expect(admittedAtOnce(openMany(limits, 20, endpoint(8)))).toBe(4);
  });

  it("grows its cap back with successes", () => {
    limits.enter(endpoint(8));
    limits.leave(id, 5, overloaded);
    for (let n = 0; n < 60; n += 1) {
      limits.enter(endpoint(8));
      limits.leave(id, 5, delivered);
    }
    expect(admittedAtOnce(openMany(limits, 20, endpoint(8)))).toBe(8);
  });

  it("takes over a cap that was changed", () => {
    limits.enter(endpoint(8));
    limits.leave(id, 5, delivered);
    expect(admittedAtOnce(openMany(limits, 20, endpoint(3)))).toBe(3);
  });

  it("starts again with one at a time after an outage", () => {
    limits.enter(endpoint(8));
    limits.leave(id, 5, delivered);
    limits.restart(id);
    expect(admittedAtOnce(openMany(limits, 20, endpoint(8)))).toBe(1);
  });
});

describe("the line before a full limit", () => {
  it("is turned away when nothing has left for half a second, and then at once", async () => {
    const [, waiting] = openMany(limits, 2, endpoint(1));
    await vi.advanceTimersByTimeAsync(501);
    expect(await waiting).toBeGreaterThanOrEqual(500);
    expect(limits.enter(endpoint(1))).toBeGreaterThanOrEqual(500);
  });

  it("is kept as short as half a second of the endpoint's pace: 5 of 100 ms each", async () => {
    openMany(limits, 1, endpoint(1));
    const line = openMany(limits, 30, endpoint(1));
    const turnedAway: number[] = [];
    for (const one of line) void Promise.resolve(one).then((holdMs) => holdMs > 0 && turnedAway.push(holdMs));
    for (let tenth = 0; tenth < 12; tenth += 1) {
      await vi.advanceTimersByTimeAsync(100);
      limits.leave(id, 100, delivered);
    }
    expect(line.length - turnedAway.length).toBeLessThanOrEqual(12 + 5);
    expect(turnedAway.length).toBeGreaterThan(10);
  });

  it("is left alone while the endpoint answers fast, however long it is", async () => {
    openMany(limits, 10, endpoint(10));
    const line = openMany(limits, 500, endpoint(10));
    let turnedAway = 0;
    for (const one of line) {
      void Promise.resolve(one).then((holdMs) => {
        if (holdMs > 0) turnedAway += 1;
      });
    }
    for (let n = 0; n < 20; n += 1) {
      await vi.advanceTimersByTimeAsync(60);
      for (let leaving = 0; leaving < 10; leaving += 1) limits.leave(id, 2, delivered);
    }
    expect(turnedAway).toBe(0);
  });

  it("does not take an idle hour for a stall", async () => {
    limits.enter(endpoint(1));
    limits.leave(id, 5, delivered);
    await vi.advanceTimersByTimeAsync(3_600_000);
    limits.enter(endpoint(1));
    expect(limits.enter(endpoint(1))).toBeInstanceOf(Promise);
  });

  it("is given times to come back that follow one another at the endpoint's pace", async () => {
    openMany(limits, 2, endpoint(1));
    await vi.advanceTimersByTimeAsync(501);
    const holds = await Promise.all(openMany(limits, 4, endpoint(1)));
    expect(holds).toEqual(holds.toSorted((a, b) => a - b));
    expect(new Set(holds).size).toBe(4);
  });
});

describe("the limit of a destination", () => {
  const roomAfterTrouble = (endpointId: EndpointId): number => {
    const one = anEndpoint({ id: endpointId, maxInFlight: 4 });
    limits.enter(one);
    limits.leave(endpointId, 5, overloaded);
    return admittedAtOnce(openMany(limits, 20, one));
  };

  it("is forgotten once nothing is under way, unlike an endpoint's", () => {
    expect(roomAfterTrouble(id)).toBe(2);
    expect(roomAfterTrouble(asEndpointId("dst_1"))).toBe(4);
  });

  it("is kept while held deliveries are booked to come back", async () => {
    const one = anEndpoint({ id: asEndpointId("dst_1"), maxInFlight: 1 });
    openMany(limits, 2, one);
    await vi.advanceTimersByTimeAsync(501);
    openMany(limits, 10, one);
    limits.leave(one.id, 5, delivered);
    limits.enter(one);
    await vi.advanceTimersByTimeAsync(501);
    const [waiting] = openMany(limits, 1, one);
    await vi.advanceTimersByTimeAsync(501);
    // Behind the eleven that were booked before.
    expect(await waiting).toBeGreaterThan(3_000);
  });
});
