import { describe, expect, it } from "vitest";
import { bucketOf, quantileMs } from "../../../src/core/histogram.ts";

function counted(durations: readonly number[]): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  for (const one of durations) counts.set(bucketOf(one), (counts.get(bucketOf(one)) ?? 0) + 1);
  return counts;
}

describe("a histogram of durations", () => {
  it("knows any duration of an attempt to within 10 %, or a millisecond", () => {
    for (let durationMs = 1; durationMs <= 300_000; durationMs += 7) {
      const shown = quantileMs(counted([durationMs]), 0.5) ?? Number.NaN;
      expect(Math.abs(shown - durationMs)).toBeLessThanOrEqual(Math.max(1, durationMs * 0.1));
    }
    expect(bucketOf(300_000)).toBeLessThan(74);
    expect(quantileMs(counted([0]), 0.99)).toBe(0);
  });

  it("shows the slow few in its 99th percentile and not in its middle", () => {
    const counts = counted([
      ...Array.from({ length: 98 }, () => 20),
      ...Array.from({ length: 2 }, () => 15_000),
    ]);
    expect(quantileMs(counts, 0.5)).toBeLessThan(23);
    expect(quantileMs(counts, 0.98)).toBeLessThan(23);
    expect(quantileMs(counts, 0.99)).toBeGreaterThan(13_000);
  });

  it("has nothing to say where nothing was counted", () => {
    expect(quantileMs(new Map(), 0.5)).toBeNull();
  });
});
