import { describe, expect, it } from "vitest";
import { HOLD_REASONS, OUTCOME_KINDS } from "../../../src/core/outcome.ts";

describe("OUTCOME_KINDS", () => {
  it("are of attempts only: a delivery that is held has had none", () => {
    expect(OUTCOME_KINDS).toEqual(["delivered", "refused", "unreachable", "blocked"]);
    expect(OUTCOME_KINDS).not.toEqual(expect.arrayContaining([...HOLD_REASONS]));
  });
});
