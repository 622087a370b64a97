import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { asEndpointId } from "../../../src/core/brand.ts";
import { type AttemptSlots, createAttemptSlots } from "../../../src/deliver/attempt-slots.ts";

const [slow, fast] = [asEndpointId("slow"), asEndpointId("fast")];
const AT_ONCE = 512;
const never = (): Promise<never> => new Promise(() => undefined);

let slots: AttemptSlots;
/** So much later than due has everything come that was to come here. */
let lateMs = 0;
/** Ms in which the process had nothing to do. */
let idleMs = 0;

beforeEach(() => {
  vi.useFakeTimers();
  lateMs = 0;
  idleMs = 0;
  const machine = {
    monotonicMs: () => performance.now() + lateMs,
    idleMs: () => idleMs,
  };
  slots = createAttemptSlots(machine, (id) => id === slow);
});

afterEach(() => {
  vi.useRealTimers();
});

/** The number of attempts begun, of so many. */
function beginMany(id: typeof slow, count: number, onSlow = (): void => undefined): () => number {
  let begun = 0;
  const attempt = (): Promise<never> => {
    begun += 1;
    return never();
  };
  for (let n = 0; n < count; n += 1) void slots.run(id, attempt, onSlow);
  return () => begun;
}

describe("a worker's slots for attempts", () => {
  it("are so many, and who comes then waits", async () => {
    const begun = beginMany(fast, AT_ONCE + 1);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(begun()).toBe(AT_ONCE);
  });

  it("are given back by those who wait for a slow receiver, and that is said once of each", async () => {
    const told = vi.fn();
    beginMany(slow, AT_ONCE, told);
    const begun = beginMany(fast, 5);
    await vi.advanceTimersByTimeAsync(200);
    expect([begun(), told.mock.calls.length]).toEqual([0, 0]);
    await vi.advanceTimersByTimeAsync(200);
    expect([begun(), told.mock.calls.length]).toEqual([5, AT_ONCE]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(told).toHaveBeenCalledTimes(AT_ONCE);
  });

  it("are not given back while this process is so busy that all seem slow", async () => {
    beginMany(slow, AT_ONCE);
    const begun = beginMany(fast, 5);
    for (let n = 0; n < 20; n += 1) {
      lateMs += 150;
      await vi.advanceTimersByTimeAsync(50);
    }
    expect(begun()).toBe(0);
  });

  it("know for how long this process had something to do all the time, however short each thing was", async () => {
    beginMany(fast, 1);
    await vi.advanceTimersByTimeAsync(0);
    const busyMsAt = async (load: number): Promise<number> => {
      const beganAt = performance.now();
      for (let n = 0; n < 4; n += 1) {
        idleMs += 50 * (1 - load);
        await vi.advanceTimersByTimeAsync(50);
      }
      return slots.busyMsSince(beganAt);
    };
    expect(await busyMsAt(0.8)).toBe(0);
    expect(await busyMsAt(0.97)).toBeGreaterThanOrEqual(100);
    expect(await busyMsAt(0)).toBe(0);
    expect(slots.busyMsSince(performance.now() - 400)).toBeGreaterThanOrEqual(100);
    expect(slots.busyMsSince(performance.now() - 400)).toBeLessThanOrEqual(200);
  });

  it("are given back once, whether by one that was slow or not", async () => {
    const ends: (() => void)[] = [];
    const attempt = (): Promise<void> => new Promise((resolve) => ends.push(resolve));
    const runs = Array.from({ length: AT_ONCE }, () => slots.run(slow, attempt, () => undefined));
    await vi.advanceTimersByTimeAsync(400);
    for (const end of ends) end();
    await Promise.all(runs);
    const begun = beginMany(fast, AT_ONCE * 2);
    await vi.advanceTimersByTimeAsync(10);
    expect(begun()).toBe(AT_ONCE);
  });
});
