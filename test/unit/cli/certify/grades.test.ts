import { describe, expect, it } from "vitest";
import { gradeAcceptance, gradeCopy, gradeRefusal, gradeTime } from "../../../../src/cli/certify/grades.ts";
import { BLOCKED_REASONS, type Outcome, UNREACHABLE_REASONS } from "../../../../src/core/outcome.ts";

const delivered: Outcome = { kind: "delivered", status: 204 };
const refused = (status: number): Outcome => ({
  kind: "refused",
  status,
  retryAfterMs: null,
  instruction: null,
});
const DANGER = "it accepts everything";

describe("a request that has to be accepted", () => {
  it("passes with any 2xx", () => {
    expect(gradeAcceptance(delivered)).toEqual({ grade: "pass", advice: null });
  });

  it.each([
    [401, "raw bytes"],
    [403, "raw bytes"],
    [404, "correct the URL"],
    [405, "correct the URL"],
    [410, "switch the endpoint off"],
    [413, "1 MiB"],
    [429, "more at a time"],
    [302, "never followed"],
    [400, "does not know"],
    [422, "does not know"],
    [418, "its own log"],
    [500, "its own log"],
  ])("fails with %i, and the advice is its own", (status, advice) => {
    expect(gradeAcceptance(refused(status))).toEqual({
      grade: "fail",
      advice: expect.stringContaining(advice),
    });
  });

  it("fails without an answer, each way with advice of its own", () => {
    const outcomes: readonly Outcome[] = [
      ...UNREACHABLE_REASONS.map((reason) => ({ kind: "unreachable", reason }) as const),
      ...BLOCKED_REASONS.map((reason) => ({ kind: "blocked", reason }) as const).slice(0, 1),
    ];
    const grades = outcomes.map(gradeAcceptance);
    expect(grades.every(({ grade }) => grade === "fail")).toBe(true);
    expect(new Set(grades.map(({ advice }) => advice)).size).toBe(outcomes.length);
    expect(outcomes.map((outcome) => gradeRefusal(outcome, DANGER))).toEqual(grades);
  });
});

describe("a request that has to be refused", () => {
  it.each([400, 401, 403])("passes with %i", (status) => {
    expect(gradeRefusal(refused(status), DANGER)).toEqual({ grade: "pass", advice: null });
  });

  it("fails when it is accepted, and the advice says what that means", () => {
    expect(gradeRefusal(delivered, DANGER)).toEqual({ grade: "fail", advice: DANGER });
  });

  it("fails with 410, which would switch the endpoint off for a forger", () => {
    expect(gradeRefusal(refused(410), DANGER)).toMatchObject({ grade: "fail" });
  });

  it.each([302, 404, 409, 429, 500, 503])("is worth a warning with %i", (status) => {
    expect(gradeRefusal(refused(status), DANGER)).toMatchObject({
      grade: "warn",
      advice: expect.stringContaining("401"),
    });
  });
});

describe("a copy of an event that was accepted", () => {
  it("is accepted as well", () => {
    expect(gradeCopy(delivered)).toMatchObject({ grade: "pass" });
    for (const status of [400, 409, 500])
      expect(gradeCopy(refused(status))).toMatchObject({
        grade: "fail",
        advice: expect.stringContaining("event that was handled"),
      });
  });
});

describe("the slowest answer", () => {
  it.each([
    [0, "pass"],
    [1_000, "pass"],
    [1_001, "warn"],
    [5_000, "warn"],
    [5_001, "fail"],
  ])("after %i ms is worth a %s", (slowestMs, grade) => {
    expect(gradeTime(slowestMs).grade).toBe(grade);
  });
});
