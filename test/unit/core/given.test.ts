import { expect, it } from "vitest";
import { given } from "../../../src/core/given.ts";

it("given leaves out what is open, and keeps what is empty", () => {
  const said = given({ a: undefined, b: null, c: 0, d: "", e: false, f: [] });
  expect(said).toStrictEqual({ c: 0, d: "", e: false, f: [] });
});
