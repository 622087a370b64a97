import { describe, expect, it, onTestFinished, vi } from "vitest";
import { Deadline } from "../../../src/deliver/deadline.ts";
import { standStill } from "../../support/stand-still.ts";

const now = () => performance.now();

/** Resolves with the ms that it took. */
const expiry = (withinMs: number, begun: (deadline: Deadline) => void = () => undefined) => {
  const startedAt = now();
  return new Promise<number>((resolve) => {
    begun(new Deadline(withinMs, now, () => resolve(now() - startedAt)));
  });
};

describe("a deadline", () => {
  it("expires after its time", async () => {
    const order: string[] = [];
    const longer = expiry(600).then(() => order.push("600 ms"));
    const tookMs = await expiry(150);
    order.push("150 ms");
    await longer;
    expect(tookMs).toBeGreaterThanOrEqual(149);
    expect(order).toEqual(["150 ms", "600 ms"]);
  });

  it("never expires once it was stopped, also when it was due already", async () => {
    let expired = 0;
    const deadline = new Deadline(20, now, () => {
      expired += 1;
    });
    // Due in the same turn, after the deadline's own timer and before what has come is read.
    setTimeout(() => deadline.stop(), 25);
    standStill(50);
    await expiry(50);
    expect(expired).toBe(0);
  });

  it("gives the time again in which the process stood still", async () => {
    const tookMs = await expiry(300, () => standStill(500));
    expect(tookMs).toBeGreaterThanOrEqual(699);
  });

  it("gives it once only, and never more than its whole time", async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    let [clock, hasExpired] = [0, false];
    new Deadline(
      200,
      () => clock,
      () => {
        hasExpired = true;
      },
    );
    // Due at 200, and looked at only now.
    clock = 1_000;
    await vi.advanceTimersByTimeAsync(201);
    // It has stood still again meanwhile.
    clock = 1_900;
    await vi.advanceTimersByTimeAsync(198);
    expect(hasExpired).toBe(false);
    await vi.advanceTimersByTimeAsync(5);
    expect(hasExpired).toBe(true);
  });
});
