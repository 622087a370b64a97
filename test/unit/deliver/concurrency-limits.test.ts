import { beforeEach, describe, expect, it } from "vitest";
import { asEndpointId, type EndpointId } from "../../../src/core/brand.ts";
import type { Endpoint } from "../../../src/core/endpoint.ts";
import type { Outcome } from "../../../src/core/outcome.ts";
import { type ConcurrencyLimits, createConcurrencyLimits } from "../../../src/deliver/concurrency-limits.ts";
import { anEndpoint } from "../../support/endpoint.ts";

const id = asEndpointId("ep_1");
const endpoint = (maxInFlight: number): Endpoint => anEndpoint({ id, maxInFlight });

const delivered: Outcome = { kind: "delivered", status: 200 };
const overloaded: Outcome = { kind: "refused", status: 503, retryAfterMs: null, instruction: null };

let limits: ConcurrencyLimits;
/** Ms since then in which this process was busy itself. */
let busyMsSince: (sinceMs: number) => number;
const throughout = (sinceMs: number): number => -sinceMs;

beforeEach(() => {
  busyMsSince = () => 0;
  limits = createConcurrencyLimits({ monotonicMs: () => 0, busyMsSince: (since) => busyMsSince(since) });
});

const enterMany = (count: number, one: Endpoint): readonly (boolean | Promise<boolean>)[] =>
  Array.from({ length: count }, () => limits.enter(one, false));

const admittedAtOnce = (answers: readonly (boolean | Promise<boolean>)[]): number =>
  answers.filter((answer) => answer === true).length;

const turnedAway = (answers: readonly (boolean | Promise<boolean>)[]): number =>
  answers.filter((answer) => answer === false).length;

/** One has been there and was answered after so long. */
function answered(durationMs: number, one: Endpoint, outcome = delivered): void {
  limits.enter(one, false);
  limits.leave(one.id, durationMs, outcome);
}

/** It has answered often enough to be known. */
function known(durationMs: number, one: Endpoint): void {
  for (let n = 0; n <= one.maxInFlight * 2; n += 1) answered(durationMs, one);
}

describe("an endpoint's concurrency limit", () => {
  it("admits as many as its cap at once and lets the next in when one leaves", async () => {
    expect(enterMany(2, endpoint(2))).toEqual([true, true]);

    const third = limits.enter(endpoint(2), false);
    limits.leave(id, 5, delivered);

    expect(await third).toBe(true);
  });

  it("halves its cap at an overload", () => {
    answered(5, endpoint(8), overloaded);
    expect(limits.capOf(id)).toBe(4);
    expect(admittedAtOnce(enterMany(20, endpoint(8)))).toBe(4);
  });

  it("grows its cap back with successes", () => {
    answered(5, endpoint(8), overloaded);
    for (let n = 0; n < 60; n += 1) answered(5, endpoint(8));
    expect(admittedAtOnce(enterMany(20, endpoint(8)))).toBe(8);
  });

  /** As many as may be are open all the time, and each is answered after so long. */
  function answeredAtOnce(count: number, durationMs: number, one: Endpoint): void {
    let open = 0;
    for (let n = 0; n < count; n += 1) {
      while (open < limits.capOf(id) || open === 0) {
        limits.enter(one, true);
        open += 1;
      }
      limits.leave(id, durationMs, delivered);
      open -= 1;
    }
    for (; open > 0; open -= 1) limits.leave(id, null, null);
  }

  const growing = (most: number): Endpoint => ({ ...endpoint(most), growsInFlight: true });

  it("begins with all that its owner allows it", () => {
    expect(admittedAtOnce(enterMany(60, endpoint(50)))).toBe(50);
  });

  it("begins with 10 where nobody has set it, and grows while answers come as fast as with few open", () => {
    answered(5, growing(50));
    expect(limits.capOf(id)).toBe(10);
    answeredAtOnce(30, 5, growing(50));
    answeredAtOnce(1_500, 14, growing(50));
    expect(limits.capOf(id)).toBe(50);
  });

  it("grows by one with each answer as long as that helps, and is twice as large after a round", () => {
    answered(5, growing(50));
    answeredAtOnce(19, 5, growing(50));
    answeredAtOnce(10, 5, growing(50));
    expect(limits.capOf(id)).toBe(20);
    answeredAtOnce(30, 5, growing(50));
    expect(limits.capOf(id)).toBe(50);
  });

  it("takes a few slow answers for no reason to grow slowly from then on, but a whole round of them", () => {
    answered(5, growing(50));
    answeredAtOnce(19, 5, growing(50));
    answeredAtOnce(9, 300, growing(50));
    answeredAtOnce(10, 5, growing(50));
    expect(limits.capOf(id)).toBe(20);
    answeredAtOnce(30, 300, growing(50));
    answeredAtOnce(10, 5, growing(50));
    expect(limits.capOf(id)).toBe(20);
  });

  it("takes no round for slow while this process was busy itself: neither does it grow, nor slowly from then on", () => {
    answered(5, growing(50));
    answeredAtOnce(19, 5, growing(50));
    busyMsSince = throughout;
    answeredAtOnce(50, 300, growing(50));
    expect(limits.capOf(id)).toBe(10);
    busyMsSince = () => 0;
    answeredAtOnce(10, 5, growing(50));
    expect(limits.capOf(id)).toBe(20);
  });

  it("does not grow while fewer are open than may be", () => {
    for (let n = 0; n < 500; n += 1) answered(5, growing(50));
    expect(limits.capOf(id)).toBe(10);
  });

  it("grows no further where more open POSTs only make answers slower, for however long", () => {
    answered(100, growing(50));
    answeredAtOnce(60, 100, growing(50));
    const reached = limits.capOf(id);
    expect(reached).toBeGreaterThan(10);
    answeredAtOnce(1_500, 300, growing(50));
    expect(limits.capOf(id)).toBe(reached);
  });

  it("takes over a cap that was changed", () => {
    answered(5, endpoint(8));
    expect(admittedAtOnce(enterMany(20, endpoint(3)))).toBe(3);
  });

  it("starts again with one at a time after an outage", () => {
    answered(5, endpoint(8));
    limits.restart(id);
    expect(limits.capOf(id)).toBe(1);
    expect(admittedAtOnce(enterMany(20, endpoint(8)))).toBe(1);
  });
});

describe("the queue before a full limit", () => {
  it("is as long as for answers within 20 ms where the endpoint is not known yet", () => {
    for (let n = 0; n < 4; n += 1) answered(1_000, endpoint(2));
    const answers = enterMany(100, endpoint(2));
    expect([admittedAtOnce(answers), turnedAway(answers)]).toEqual([2, 48]);
  });

  it("is shortened once it shows how slow the endpoint is, and the last ones go", async () => {
    for (let n = 0; n < 4; n += 1) answered(1_000, endpoint(2));
    const answers = enterMany(10, endpoint(2));
    limits.leave(id, 1_000, delivered);
    const became = await Promise.all(answers.slice(2).map((one) => Promise.race([one, "waits"])));
    expect(became).toEqual([true, "waits", ...Array.from({ length: 6 }, () => false)]);
  });

  it("is as long as what the endpoint answers in half a second: 5 of 100 ms each", () => {
    known(100, endpoint(1));
    const answers = enterMany(10, endpoint(1));
    expect([admittedAtOnce(answers), turnedAway(answers)]).toEqual([1, 4]);
  });

  it("is as long as it may become while the limit grows: what is turned away too early is parked, and all that follows", () => {
    const growing = { ...endpoint(50), growsInFlight: true };
    known(14, { ...growing, maxInFlight: 10 });
    const answers = enterMany(1_000, growing);
    expect(turnedAway(answers)).toBe(0);
  });

  it("goes by the fastest answers, for our own load makes them seem slow", () => {
    known(100, endpoint(1));
    answered(2_000, endpoint(1));
    // 100 ms and a little: 4 places instead of 5.
    expect(turnedAway(enterMany(10, endpoint(1)))).toBe(5);
  });

  it("takes no slow answer for the endpoint's doing while this process was busy itself", () => {
    known(100, endpoint(1));
    busyMsSince = throughout;
    for (let n = 0; n < 100; n += 1) answered(10_000, endpoint(1));
    expect(turnedAway(enterMany(10, endpoint(1)))).toBe(4);
  });

  it("is excused for as long as this process was busy, and no longer: an endpoint that has become slow is known for it", () => {
    known(5, endpoint(1));
    busyMsSince = () => 100;
    for (let n = 0; n < 300; n += 1) answered(10_000, endpoint(1));
    expect(limits.isSlow(id)).toBe(true);
  });

  it("is short once an endpoint has become slow", () => {
    known(5, endpoint(1));
    for (let n = 0; n < 300; n += 1) answered(10_000, endpoint(1));
    expect(turnedAway(enterMany(10, endpoint(1)))).toBe(8);
  });

  it("turns away none that comes from its endpoint's parked ones, however long it is", async () => {
    known(1_000, endpoint(1));
    expect(turnedAway(enterMany(10, endpoint(1)))).toBe(8);
    const parked = limits.enter(endpoint(1), true);
    limits.leave(id, 1_000, delivered);
    limits.leave(id, 1_000, delivered);
    expect(await parked).toBe(true);
  });
});

describe("the limit of a destination", () => {
  const roomAfterTrouble = (endpointId: EndpointId): number => {
    const one = anEndpoint({ id: endpointId, maxInFlight: 4 });
    answered(5, one, overloaded);
    return admittedAtOnce(enterMany(20, one));
  };

  it("is forgotten once nothing is under way, unlike an endpoint's", () => {
    expect(roomAfterTrouble(id)).toBe(2);
    expect(roomAfterTrouble(asEndpointId("dst_1"))).toBe(4);
  });
});
