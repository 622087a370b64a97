/** The rule of each phase, as the table it is, and the share that goes by webhook. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ruleFor } from "../../../src/bus/rule.ts";
import { asEventId } from "../../../src/core/brand.ts";
import {
  type BacklogChoice,
  isInShare,
  laterOf,
  PHASES,
  type Phase,
  phaseAt,
  UNTOUCHED,
} from "../../../src/core/migration.ts";
import { casesOf } from "../../support/depth.ts";

type Row = readonly [
  phase: Phase,
  isMarked: boolean,
  share: number,
  backlog: BacklogChoice,
  accepted: "before" | "since",
  bus: string,
  webhook: string,
];

/** Everything that the rule depends on; the switch was turned at 1,000. */
const TABLE: readonly Row[] = [
  ["dual", false, 100, "deliver", "since", "now", "deliver"],
  ["dual", false, 0, "deliver", "since", "now", "never"],
  ["dual", false, 100, "discard", "before", "now", "deliver"],
  ["dual", true, 100, "deliver", "before", "never", "deliver"],
  ["dual", true, 0, "deliver", "before", "never", "deliver"],
  ["dual", true, 100, "discard", "before", "never", "never"],
  ["dual", true, 100, "discard", "since", "never", "deliver"],
  ["primary", false, 100, "deliver", "since", "late", "deliver"],
  ["primary", false, 0, "deliver", "since", "now", "never"],
  ["primary", true, 100, "deliver", "before", "never", "deliver"],
  ["primary", true, 100, "discard", "before", "never", "never"],
  ["webhook", false, 100, "deliver", "since", "never", "deliver"],
  ["webhook", false, 0, "deliver", "since", "never", "deliver"],
  ["webhook", false, 100, "discard", "before", "never", "deliver"],
  ["webhook", true, 100, "deliver", "before", "never", "deliver"],
  ["webhook", true, 100, "discard", "before", "never", "never"],
  ["webhook", true, 100, "discard", "since", "never", "deliver"],
  ["redis", false, 100, "deliver", "since", "now", "keep"],
  ["redis", false, 0, "deliver", "since", "now", "keep"],
  ["redis", true, 100, "deliver", "since", "never", "keep"],
  ["redis", true, 100, "discard", "before", "never", "keep"],
];

describe("the rule", () => {
  it.each(TABLE)(
    "in %s, marked %s, share %i, backlog %s, accepted %s: bus %s, webhook %s",
    (phase, isMarked, share, backlog, accepted, bus, webhook) => {
      const event = {
        id: asEventId("evt_1"),
        type: "model.registered",
        ...(isMarked && { legacy: { isWritten: true } as const }),
      };
      const stand = { ...UNTOUCHED, phase, shares: { "*": share }, backlog, since: 1_000 };
      expect(ruleFor(event, accepted === "before" ? 999 : 1_000, stand, 2_000)).toEqual({ bus, webhook });
    },
  );

  it("leaves no event without a way, whatever the switch and the event", () => {
    const stands = fc.record({
      phase: fc.constantFrom(...PHASES),
      share: fc.integer({ min: 0, max: 100 }),
      id: fc.stringMatching(/^evt_\w{1,20}$/),
    });
    fc.assert(
      fc.property(stands, ({ phase, share, id }) => {
        const stand = { ...UNTOUCHED, phase, shares: { "*": share } };
        const { bus, webhook } = ruleFor({ id: asEventId(id), type: "model.registered" }, 0, stand, 0);
        expect(bus === "now" || webhook === "deliver").toBe(true);
      }),
      { numRuns: casesOf(2_000) },
    );
  });

  it("is that of the phase after, once the time set for one is over", () => {
    const stand = { ...UNTOUCHED, phase: "redis", returns: { at: 5_000, to: "dual" } } as const;
    const at = (nowMs: number) =>
      ruleFor({ id: asEventId("evt_1"), type: "model.registered" }, 0, stand, nowMs).webhook;
    expect([at(4_999), at(5_000)]).toEqual(["keep", "deliver"]);
  });
});

describe("the phase", () => {
  it("that was set for a while ends at its time and not before", () => {
    const stand = { ...UNTOUCHED, phase: "primary", returns: { at: 10, to: "webhook" } } as const;
    expect([phaseAt(stand, 9), phaseAt(stand, 10), phaseAt({ ...stand, returns: null }, 10)]).toEqual([
      "primary",
      "webhook",
      "primary",
    ]);
  });

  it("is what was said later, in whichever order it is heard", () => {
    const versions = fc.array(fc.nat(20), { minLength: 1 });
    fc.assert(
      fc.property(versions, (heard) => {
        const stands = heard.map((version) => ({ ...UNTOUCHED, version }));
        expect(stands.reduce(laterOf, UNTOUCHED).version).toBe(Math.max(0, ...heard));
      }),
    );
  });
});

describe("the share that goes by webhook", () => {
  const ids = Array.from({ length: 4_000 }, (_, at) => asEventId(`evt_${(at * 7_919).toString(36)}`));

  it("only ever grows with the percentage", () => {
    const pairs = fc.tuple(fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/), fc.nat(100), fc.nat(100));
    fc.assert(
      fc.property(pairs, ([id, one, other]) => {
        const [less, more] = [Math.min(one, other), Math.max(one, other)];
        const isIn = (percent: number) =>
          isInShare({ id: asEventId(id), type: "model.registered" }, { "*": percent });
        expect(isIn(less) && !isIn(more)).toBe(false);
      }),
      { numRuns: casesOf(5_000) },
    );
  });

  it.each([0, 1, 10, 50, 90, 100])("is about %i per cent, for each type by its own figure", (percent) => {
    const shares = { "model.registered": percent, "*": 100 };
    const inShare = ids.filter((id) => isInShare({ id, type: "model.registered" }, shares)).length;
    expect(Math.abs((inShare / ids.length) * 100 - percent)).toBeLessThan(3);
    expect(ids.every((id) => isInShare({ id, type: "thing.made" }, shares))).toBe(true);
  });

  it("is everything where nothing is said of a type", () => {
    expect(isInShare({ id: asEventId("evt_1"), type: "thing.made" }, { "model.registered": 0 })).toBe(true);
  });
});
