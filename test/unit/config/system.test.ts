import { describe, expect, it } from "vitest";
import { system } from "../../../src/config/system.ts";

describe("the machine's clock and dice", () => {
  it("tells epoch milliseconds", () => {
    const before = Date.now();
    const told = system.now();
    expect(told).toBeGreaterThanOrEqual(before);
    expect(told).toBeLessThanOrEqual(Date.now());
  });

  it("has a clock that never goes back", () => {
    const readings = Array.from({ length: 100 }, () => system.monotonicMs());
    expect(readings).toEqual(readings.toSorted((one, other) => one - other));
  });

  it("throws dice in [0, 1) and makes fresh UUIDs of version 4", () => {
    const dice = system.dice();
    expect(dice >= 0 && dice < 1).toBe(true);
    expect(system.uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(system.uuid()).not.toBe(system.uuid());
  });
});
