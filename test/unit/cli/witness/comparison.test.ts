import { describe, expect, it } from "vitest";
import { type Comparison, createComparison, type Look } from "../../../../src/cli/witness/comparison.ts";

const GRACE = 60_000;
const DELIVERED: Look = { status: "delivered", isShared: true, at: 1_000 };
const LATE = 61_000;

const found = (comparison: Comparison, id: string, isRequired = true, digest = `text of ${id}`): void =>
  comparison.find({ id, digest, isRequired, at: 0 });

describe("an event", () => {
  it("that was heard and delivered is the same both ways, in any order", () => {
    const comparison = createComparison(GRACE);
    comparison.hear("text of evt_1", 0);
    found(comparison, "evt_1");
    found(comparison, "evt_2");
    comparison.hear("text of evt_2", 500);
    expect([comparison.look("evt_1", DELIVERED), comparison.look("evt_2", DELIVERED)]).toEqual([null, null]);
    expect(comparison.counts()).toEqual({
      ...{ heard: 2, matched: 2, outsideShare: 0, copies: 0, open: 0, mismatches: 0 },
    });
  });

  it.each([
    ["not_heard", false, "delivered"],
    ["not_delivered", true, "retrying"],
    ["not_delivered", true, null],
    ["neither", false, "buried"],
  ] as const)("is %s only after the grace, and once", (kind, isHeard, status) => {
    const comparison = createComparison(GRACE);
    found(comparison, "evt_1");
    if (isHeard) comparison.hear("text of evt_1", 0);
    const look = (at: number) => comparison.look("evt_1", { status, isShared: true, at });
    expect(look(GRACE - 1)).toBeNull();
    expect(comparison.open()).toEqual(["evt_1"]);
    expect(look(GRACE)).toEqual({ kind, eventId: "evt_1", digest: "text of evt_1", status });
    expect(look(LATE)).toBeNull();
    expect(comparison.counts()).toMatchObject({ open: 0, mismatches: 1 });
  });

  it("outside the share needs the bus only", () => {
    const comparison = createComparison(GRACE);
    found(comparison, "evt_1");
    comparison.hear("text of evt_1", 0);
    expect(comparison.look("evt_1", { status: null, isShared: false, at: 1 })).toBeNull();
    expect(comparison.counts()).toMatchObject({ matched: 1, outsideShare: 1 });
  });

  it("from before the witness listened, or from while it was deaf, need not have been heard", () => {
    const comparison = createComparison(GRACE);
    found(comparison, "evt_before", false);
    found(comparison, "evt_deaf");
    comparison.excuse();
    for (const id of ["evt_before", "evt_deaf"])
      expect(comparison.look(id, { ...DELIVERED, at: LATE })).toBeNull();
    expect(comparison.counts()).toMatchObject({ matched: 0, open: 0, mismatches: 0 });
  });

  it("of a text that two have is heard only when both were", () => {
    const comparison = createComparison(GRACE);
    found(comparison, "evt_1", true, "same");
    found(comparison, "evt_2", true, "same");
    comparison.hear("same", 0);
    const kinds = ["evt_1", "evt_2"].map((id) => comparison.look(id, { ...DELIVERED, at: LATE })?.kind);
    expect(kinds).toEqual([undefined, "not_heard"]);
  });
});

describe("a message", () => {
  it("of no event is told after the grace, once, by when the feed was read", () => {
    const comparison = createComparison(GRACE);
    comparison.hear("strange", 0);
    expect(comparison.settle(GRACE - 1)).toEqual([]);
    expect(comparison.counts().open).toBe(1);
    expect(comparison.settle(GRACE)).toEqual([
      { kind: "no_event", eventId: null, digest: "strange", status: null },
    ]);
    expect(comparison.settle(LATE)).toEqual([]);
    expect(comparison.counts()).toMatchObject({ open: 0, mismatches: 1 });
  });

  it("that comes again is a copy and no difference, also once it is forgotten", () => {
    const comparison = createComparison(GRACE);
    found(comparison, "evt_1");
    comparison.hear("text of evt_1", 0);
    comparison.hear("text of evt_1", 1);
    comparison.look("evt_1", DELIVERED);
    expect(comparison.settle(2 * 60 * 60 * 1_000)).toEqual([]);
    expect(comparison.counts()).toMatchObject({ heard: 2, matched: 1, copies: 1, mismatches: 0 });
  });
});
