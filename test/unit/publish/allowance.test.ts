import { describe, expect, it } from "vitest";
import { asEventId } from "../../../src/core/brand.ts";
import type { PublishedEvent } from "../../../src/core/event.ts";
import { createAllowance } from "../../../src/publish/allowance.ts";

const eventsOf = (type: string, count: number): readonly PublishedEvent[] =>
  Array.from({ length: count }, (_, n) => ({
    id: asEventId(`evt_${n}`),
    type,
    timestamp: "2026-01-31T12:00:00Z",
    data: "{}",
  }));

describe("a type's allowance", () => {
  it("is a thousand events, and a thousand more each second", () => {
    let nowMs = 0;
    const isBeyondAllowance = createAllowance(() => nowMs);
    expect(isBeyondAllowance(eventsOf("many.made", 1_000))).toBe(false);
    expect(isBeyondAllowance(eventsOf("many.made", 1))).toBe(true);
    nowMs += 64;
    expect(isBeyondAllowance(eventsOf("many.made", 65))).toBe(true);
    expect(isBeyondAllowance(eventsOf("many.made", 64))).toBe(false);
    nowMs += 3_600_000;
    expect(isBeyondAllowance(eventsOf("many.made", 1_001))).toBe(true);
    expect(isBeyondAllowance(eventsOf("many.made", 1_000))).toBe(false);
  });

  it("is nothing to other types, and a batch goes first for any one of them", () => {
    const isBeyondAllowance = createAllowance(() => 0);
    for (let n = 0; n < 10; n += 1) isBeyondAllowance(eventsOf("many.made", 500));
    expect(isBeyondAllowance(eventsOf("many.made", 1))).toBe(true);
    expect(isBeyondAllowance(eventsOf("one.made", 1))).toBe(false);
    expect(isBeyondAllowance([...eventsOf("many.made", 63), ...eventsOf("one.made", 1)])).toBe(false);
  });
});
