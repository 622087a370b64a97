/** The form of REDIS_FALLBACK_PERCENT. */
import { describe, expect, it } from "vitest";
import * as forms from "../../../src/config/forms.ts";

const read = (text: string): unknown => {
  const result = forms.shares().schema.safeParse(text);
  return result.success ? result.data : null;
};

describe("a share", () => {
  it.each([
    ["10", { "*": 10 }],
    ["model.registered=10", { "*": 100, "model.registered": 10 }],
    ["model.registered=0, *=50", { "*": 50, "model.registered": 0 }],
    ["101", null],
    ["-1", null],
    ["1.5", null],
    ["", null],
    ["10,20", null],
    ["not a type=10", null],
    ["model.registered=10,model.registered=20", null],
  ])("%s is read as %j", (text, expected) => {
    expect(read(text)).toEqual(expected);
  });
});
