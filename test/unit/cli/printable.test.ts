import { describe, expect, it } from "vitest";
import { printable } from "../../../src/cli/printable.ts";

describe("text from outside", () => {
  it.each([
    ["plain, łódź 🦊", "plain, łódź 🦊"],
    ["\u001b[2J\u0007\u009b\u202e", "·[2J···"],
    ["two\r\nlines\tand\u2028more", "two  lines and more"],
    ["x".repeat(31), `${"x".repeat(29)}…`],
    ["", ""],
  ])("%j is shown as %j", (text, shown) => {
    expect(printable(text, 30)).toBe(shown);
  });
});
