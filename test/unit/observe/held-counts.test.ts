import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { asEndpointId } from "../../../src/core/brand.ts";
import { createHeldCounts } from "../../../src/observe/held-counts.ts";
import { ONE_OF_EACH } from "./happenings.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const held = (id: string, reason: "breaker_open" | "busy" = "breaker_open") => ({
  ...ONE_OF_EACH["delivery.held"],
  endpointId: asEndpointId(id),
  reason,
});

function open() {
  const lines: object[] = [];
  return { lines, ...createHeldCounts({ write: (fields) => lines.push(fields) }) };
}

describe("deliveries that are held", () => {
  it("are a line a minute for each endpoint and reason, with their number", () => {
    const { lines, count } = open();
    for (let at = 0; at < 1_000; at += 1) count(held("ep_a"));
    count(held("ep_a", "busy"));
    count(held("ep_b"));
    count(held("ep_b"));
    expect(lines).toEqual([]);
    vi.advanceTimersByTime(60_000);
    expect(lines).toEqual([
      { endpointId: "ep_a", reason: "breaker_open", count: 1_000 },
      { endpointId: "ep_b", reason: "breaker_open", count: 2 },
      { endpointId: "ep_a", reason: "busy", count: 1 },
    ]);
  });

  it("are counted anew after that, and nothing is said while there are none", () => {
    const { lines, count } = open();
    count(held("ep_a"));
    vi.advanceTimersByTime(600_000);
    count(held("ep_a"));
    vi.advanceTimersByTime(60_000);
    expect(lines).toEqual([expect.objectContaining({ count: 1 }), expect.objectContaining({ count: 1 })]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("are a hundred lines at the most, however many endpoints there are", () => {
    const { lines, count, flush } = open();
    for (let at = 0; at < 1_000; at += 1) count(held(`ep_${at}`));
    for (let at = 1; at < 1_000; at += 2) count(held(`ep_${at}`));
    flush();
    expect(lines).toHaveLength(101);
    expect(lines.slice(0, 100)).toEqual(lines.slice(0, 100).map(() => expect.objectContaining({ count: 2 })));
    expect(lines.at(-1)).toEqual({ endpointId: null, reason: null, count: 1_300, endpoints: 900 });
  });
});
