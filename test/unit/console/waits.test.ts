import { describe, expect, it } from "vitest";
import { stepsOf } from "../../../src/console/waits.ts";

const START = Date.parse("2026-01-31T12:00:00.000Z");
const at = (afterMs: number): string => new Date(START + afterMs).toISOString();

const attempt = (number: number, startedAfterMs: number, durationMs: number) => ({
  attempt_number: number,
  started_at: at(startedAfterMs),
  duration_ms: durationMs,
  outcome: "refused" as const,
  status: 500,
  reason: null,
  response_excerpt: null,
});

const round = (changes: Partial<Parameters<typeof stepsOf>[0]> = {}) => ({
  created_at: at(0),
  round: 0,
  status: "retrying" as const,
  next_attempt_at: null,
  attempts: [],
  ...changes,
});

const lines = (steps: ReturnType<typeof stepsOf>) =>
  steps.map((step) =>
    step.kind === "attempt"
      ? step.attempt.attempt_number
      : [step.spanMs, step.share, step.passed, step.until],
  );

describe("the steps of a round", () => {
  it("are its attempts with the waits between them, all to the scale of the longest", () => {
    const attempts = [attempt(1, 10, 90), attempt(2, 2_100, 900), attempt(3, 7_000, 0)];
    const steps = stepsOf(round({ attempts, next_attempt_at: at(15_000) }), START + 9_000);
    expect(lines(steps)).toEqual([
      1,
      [2_000, 0.25, 1, at(2_100)],
      2,
      [4_000, 0.5, 1, at(7_000)],
      3,
      [8_000, 1, 0.25, at(15_000)],
    ]);
  });

  it("begin with a wait where the first attempt was long in coming, but not in a later round", () => {
    const attempts = [attempt(1, 60_000, 10)];
    expect(lines(stepsOf(round({ attempts, status: "delivered" }), START))).toEqual([
      [60_000, 1, 1, at(60_000)],
      1,
    ]);
    expect(lines(stepsOf(round({ attempts, status: "delivered", round: 1 }), START))).toEqual([1]);
  });

  it("end with an open wait while nobody knows when the next attempt is", () => {
    const steps = stepsOf(round({ attempts: [attempt(1, 0, 0)] }), START + 500);
    expect(lines(steps)).toEqual([1, [null, 1, 1, null]]);
    expect(lines(stepsOf(round({ status: "held", round: 2, next_attempt_at: at(9) }), START))).toEqual([]);
  });

  it("stay within their scale whatever the clocks of two machines say", () => {
    const attempts = [attempt(1, 0, 500), attempt(2, 100, 0)];
    const steps = stepsOf(round({ attempts, next_attempt_at: at(50) }), START + 99_000);
    expect(lines(steps)).toEqual([1, [0, 0, 1, at(100)], 2, [0, 0, 1, at(50)]]);
  });
});
