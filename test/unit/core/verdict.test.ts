import { describe, expect, it } from "vitest";
import {
  BLOCKED_REASONS,
  type Instruction,
  type Outcome,
  UNREACHABLE_REASONS,
} from "../../../src/core/outcome.ts";
import { decide, decideHold, type Policy, type Situation, type Verdict } from "../../../src/core/verdict.ts";

const POLICY: Policy = {
  retrySchedule: [2_000, 4_000],
  isFinal: (status) => status === 422,
};
/** With dice of a half the jitter is nothing. */
const FIRST: Situation = { attemptNumber: 1, dice: 0.5 };
const LAST: Situation = { ...FIRST, attemptNumber: 3 };

const refused = (
  status: number,
  instruction: Instruction | null = null,
  retryAfterMs: number | null = null,
) => ({ kind: "refused", status, instruction, retryAfterMs }) satisfies Outcome;

const complete: Verdict = { kind: "complete" };
const retry = (inMs: number): Verdict => ({ kind: "retry", inMs });
const bury = (because: Extract<Verdict, { kind: "bury" }>["because"]): Verdict => ({ kind: "bury", because });

describe("decide", () => {
  it.each<[string, Outcome, Verdict, Verdict]>([
    ["a success", { kind: "delivered", status: 204 }, complete, complete],
    ["a server error", refused(500), retry(2_000), bury("exhausted")],
    ["a redirect", refused(302), retry(2_000), bury("exhausted")],
    ["a client error the profile retries", refused(404), retry(2_000), bury("exhausted")],
    ["a status the profile calls final", refused(422), bury("final_status"), bury("final_status")],
    ["410", refused(410), bury("gone"), bury("gone")],
    ["an order to disable", refused(503, "disable"), bury("gone"), bury("gone")],
    ["an order to abort", refused(503, "abort"), bury("aborted"), bury("aborted")],
    ["410 with an order to abort", refused(410, "abort"), bury("gone"), bury("gone")],
    ["a final status with an order to abort", refused(422, "abort"), bury("aborted"), bury("aborted")],
    ["a longer Retry-After", refused(429, null, 30_000), retry(30_000), bury("exhausted")],
    ["a shorter Retry-After", refused(429, null, 500), retry(2_000), bury("exhausted")],
    [
      "a final status with Retry-After",
      refused(422, null, 30_000),
      bury("final_status"),
      bury("final_status"),
    ],
  ])("answers %s", (_, outcome, onFirst, onLast) => {
    expect(decide(outcome, POLICY, FIRST)).toEqual(onFirst);
    expect(decide(outcome, POLICY, LAST)).toEqual(onLast);
  });

  it.each(UNREACHABLE_REASONS)(
    "retries an endpoint it could not reach (%s) until no retry is left",
    (reason) => {
      expect(decide({ kind: "unreachable", reason }, POLICY, FIRST)).toEqual(retry(2_000));
      expect(decide({ kind: "unreachable", reason }, POLICY, LAST)).toEqual(bury("exhausted"));
    },
  );

  it.each(BLOCKED_REASONS)("retries what the guard blocked (%s) until no retry is left", (reason) => {
    expect(decide({ kind: "blocked", reason }, POLICY, FIRST)).toEqual(retry(2_000));
    expect(decide({ kind: "blocked", reason }, POLICY, LAST)).toEqual(bury("exhausted"));
  });

  it("gives up after the first attempt when the schedule is empty", () => {
    expect(decide(refused(500), { ...POLICY, retrySchedule: [] }, FIRST)).toEqual(bury("exhausted"));
  });
});

describe("decideHold", () => {
  const MAX_AGE_MS = 60_000;

  it("holds for as long as it was told to", () => {
    expect(decideHold(750, 0, MAX_AGE_MS)).toEqual({ kind: "hold", inMs: 750 });
  });

  it("buries what was held too long, and not a millisecond before", () => {
    expect(decideHold(750, 59_999, MAX_AGE_MS)).toEqual({ kind: "hold", inMs: 750 });
    expect(decideHold(750, 60_000, MAX_AGE_MS)).toEqual(bury("expired"));
  });
});
