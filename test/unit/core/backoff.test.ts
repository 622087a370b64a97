import { afterEach, describe, expect, it, vi } from "vitest";
import { exponentialSchedule, parseRetryAfter, retryDelayMs } from "../../../src/core/backoff.ts";

const DAY_MS = 24 * 60 * 60 * 1_000;
const ALMOST_ONE = 1 - Number.EPSILON;

describe("exponentialSchedule", () => {
  it("waits 2, 4, 8, 16, 32 s by default settings", () => {
    expect(exponentialSchedule(5, 2_000)).toEqual([2_000, 4_000, 8_000, 16_000, 32_000]);
  });

  it("is empty without retries", () => {
    expect(exponentialSchedule(0, 2_000)).toEqual([]);
    expect(exponentialSchedule(0, 2_000, [1_000])).toEqual([]);
  });

  it("cuts what was begun, or goes on with it up to a day, never below what was begun with", () => {
    expect(exponentialSchedule(2, 9, [1, 2, 3])).toEqual([1, 2]);
    expect(exponentialSchedule(4, 9, [5, DAY_MS - 1])).toEqual([5, DAY_MS - 1, DAY_MS, DAY_MS]);
    expect(exponentialSchedule(3, 9, [3 * DAY_MS])).toEqual([3 * DAY_MS, 3 * DAY_MS, 3 * DAY_MS]);
  });
});

describe("retryDelayMs", () => {
  const schedule = exponentialSchedule(5, 2_000);

  it("follows the schedule, each wait 10 % shorter to 10 % longer", () => {
    const waits = (dice: number) =>
      [1, 2, 3, 4, 5].map((attempt) => retryDelayMs(schedule, attempt, dice, null));
    expect(waits(0)).toEqual([1_800, 3_600, 7_200, 14_400, 28_800]);
    expect(waits(0.5)).toEqual(schedule);
    expect(waits(ALMOST_ONE)).toEqual([2_200, 4_400, 8_800, 17_600, 35_200]);
  });

  it("has no wait after the last attempt, whatever the receiver asks for", () => {
    expect(retryDelayMs(schedule, 6, 0.5, null)).toBeNull();
    expect(retryDelayMs(schedule, 6, 0.5, 5_000)).toBeNull();
  });

  it("is lengthened by Retry-After, never shortened", () => {
    expect(retryDelayMs(schedule, 1, 0.5, 5_000)).toBe(5_000);
    expect(retryDelayMs(schedule, 2, 0.5, 3_999)).toBe(4_000);
  });

  it("reads Retry-After as 1 s at least and 24 h at most", () => {
    expect(retryDelayMs([10], 1, 0.5, 0)).toBe(1_000);
    expect(retryDelayMs(schedule, 1, 0.5, 7 * DAY_MS)).toBe(DAY_MS);
    expect(retryDelayMs(schedule, 1, 0.5, Number.POSITIVE_INFINITY)).toBe(DAY_MS);
  });

  it("lets a schedule wait longer than Retry-After may ask for", () => {
    expect(retryDelayMs([2 * DAY_MS], 1, 0.5, 7 * DAY_MS)).toBe(2 * DAY_MS);
  });
});

describe("parseRetryAfter", () => {
  afterEach(() => vi.unstubAllEnvs());

  const now = Date.UTC(1994, 10, 6, 8, 49, 7);

  it("reads seconds", () => {
    expect(parseRetryAfter("120", now)).toBe(120_000);
    expect(parseRetryAfter("0", now)).toBe(0);
  });

  it("takes an absurd number of seconds for very long, not for nothing", () => {
    expect(parseRetryAfter("99999999999", now)).toBe(99_999_999_999_000);
  });

  it.each(["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"])(
    "reads each of the date forms of RFC 9110 §5.6.7 as GMT, wherever the machine stands: %s",
    (date) => {
      vi.stubEnv("TZ", "America/New_York");
      expect(parseRetryAfter(date, now)).toBe(30_000);
    },
  );

  it("takes a date that has passed for no wait", () => {
    expect(parseRetryAfter("Sun, 06 Nov 1994 08:49:37 GMT", now + DAY_MS)).toBe(0);
  });

  it.each([
    undefined,
    "",
    "soon",
    "soon 2099",
    "-5",
    "1.5",
    "2099-01-01",
    "1e3",
    "Sunday",
    "Sun, 99 Nov 1994 08:49:37 GMT",
  ])("has nothing to say about %j", (header) => expect(parseRetryAfter(header, now)).toBeNull());
});
