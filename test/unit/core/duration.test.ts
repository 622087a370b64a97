import { describe, expect, it } from "vitest";
import { formatDuration, parseDurationMs, roughSpan } from "../../../src/core/duration.ts";

describe("durations", () => {
  it.each([
    ["15", 15_000],
    ["0.25", 250],
    ["250ms", 250],
    ["1.5s", 1_500],
    ["2m", 120_000],
    ["24h", 86_400_000],
    ["3 d", 259_200_000],
  ])("reads %s as %d ms", (text, durationMs) => {
    expect(parseDurationMs(text)).toBe(durationMs);
  });

  it.each(["", "s", "-1", "1,5", "1e3", "Infinity", "15sec", "1h30m", ".5"])("refuses %j", (text) => {
    expect(parseDurationMs(text)).toBeNull();
  });

  it.each([0, 1, 250, 1_000, 90_000, 300_000, 86_400_000])(
    "writes %d ms so that it reads the same",
    (durationMs) => {
      expect(parseDurationMs(formatDuration(durationMs))).toBe(durationMs);
    },
  );

  it("writes the largest unit that is exact", () => {
    expect([90_000, 300_000, 86_400_000].map(formatDuration)).toEqual(["90s", "5m", "1d"]);
  });
});

describe("a rough span", () => {
  it.each([
    [0, "0.0 s"],
    [440, "0.4 s"],
    [62_000, "62 s"],
    [720_000, "12 min"],
    [108_000_000, "30 h"],
    [432_000_000, "5 d"],
  ])("%i ms is %s", (spanMs, text) => {
    expect(roughSpan(spanMs)).toBe(text);
  });
});
