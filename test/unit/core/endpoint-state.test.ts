import { describe, expect, it } from "vitest";
import { endpointWord, stateInWords } from "../../../src/core/endpoint-state.ts";

const NOW_MS = Date.parse("2026-11-29T12:12:00.000Z");
const SINCE = "2026-11-29T12:00:00.000Z";
const ON = { isActive: true, disabledBecause: null };
const WELL = { breaker: "closed", failingSince: null, waiting: 0 } as const;

describe("the state of an endpoint", () => {
  it.each([
    [ON, WELL, null, "active", ["active"]],
    [ON, undefined, null, "active", ["active"]],
    [ON, { ...WELL, waiting: 1 }, null, "active", ["active", "1 waits"]],
    [ON, { ...WELL, failingSince: SINCE }, "HTTP 503", "failing", ["failing for 12 min (HTTP 503)"]],
    [
      ON,
      { breaker: "half_open", failingSince: SINCE, waiting: 40 },
      null,
      "failing",
      ["failing for 12 min", "breaker half open", "40 wait"],
    ],
    [ON, { ...WELL, breaker: "open" }, null, "failing", ["failing", "breaker open"]],
    // A clock that runs behind the service's makes no negative span.
    [ON, { ...WELL, failingSince: "2026-11-29T12:13:00.000Z" }, null, "failing", ["failing for 0.0 s"]],
    [
      { isActive: false, disabledBecause: "HTTP 410" },
      { ...WELL, breaker: "open" },
      null,
      "disabled",
      ["disabled: HTTP 410"],
    ],
    [{ isActive: false, disabledBecause: null }, WELL, null, "disabled", ["disabled: no reason given"]],
  ] as const)("of %j with %j and %j is %s: %j", (life, health, cause, word, words) => {
    expect(endpointWord(life, health)).toBe(word);
    expect(stateInWords(life, health, cause, NOW_MS)).toEqual(words);
  });
});
