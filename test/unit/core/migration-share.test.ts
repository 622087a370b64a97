import { describe, expect, it } from "vitest";
import { asEventId } from "../../../src/core/brand.ts";
import { isInShare } from "../../../src/core/migration.ts";

const inShare = (type: string, percent: number): number =>
  Array.from({ length: 1_000 }, (_, at) => asEventId(`evt_${at}`)).filter((id) =>
    isInShare({ id, type }, { "*": percent }),
  ).length;

describe("a share", () => {
  it.each(["constructor", "__proto__", "model.registered"])("holds for events of type %s", (type) => {
    expect(inShare(type, 100)).toBe(1_000);
    expect(inShare(type, 0)).toBe(0);
    expect(Math.abs(inShare(type, 30) - 300)).toBeLessThan(60);
  });
});
