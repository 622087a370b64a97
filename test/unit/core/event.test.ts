import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  EVENT_ID_PATTERN,
  EVENT_TYPE_MAX_LENGTH,
  EVENT_TYPE_PATTERN,
  isEventType,
  isSubscription,
  isTime,
  subscriptionCovers,
  TIMESTAMP_PATTERN,
} from "../../../src/core/event.ts";

describe("event types", () => {
  it.each([
    "a",
    "job.completed",
    "task_started",
    "llm.step.completed",
    "0.1",
    "_",
    "a.b.c.d.e.f.g.h",
    "userCreated",
    "Order.Paid",
    "user-created",
    "-",
  ])("may be called %s", (type) => expect(isEventType(type)).toBe(true));

  it.each([
    "",
    ".",
    "a.",
    ".a",
    "a..b",
    "job completed",
    "job/done",
    "job:done",
    "Job.*",
    "j\u043eb",
    "job\n",
    "é",
    "*",
    "a.b.c.d.e.f.g.h.i",
  ])("may not be called %j", (type) => expect(isEventType(type)).toBe(false));

  it("are 128 characters long at most", () => {
    expect(isEventType("a".repeat(EVENT_TYPE_MAX_LENGTH))).toBe(true);
    expect(isEventType("a".repeat(EVENT_TYPE_MAX_LENGTH + 1))).toBe(false);
  });

  it("are matched in linear time: a megabyte of trap 32's input ends where nested quantifiers never would", () => {
    expect(EVENT_TYPE_PATTERN.test(`${"a".repeat(1_000_000)}!`)).toBe(false);
    expect(EVENT_TYPE_PATTERN.test(`${"a.".repeat(500_000)}!`)).toBe(false);
  });
});

describe("event ids", () => {
  it("hold no dot, because signatures join their parts with dots", () => {
    expect(EVENT_ID_PATTERN.test("evt_2KWPBgLlAfxdpx2AI54pPJ85f4W-1")).toBe(true);
    expect(EVENT_ID_PATTERN.test("evt.1")).toBe(false);
  });

  it.each(["", "a b", "a\n", "é", "a".repeat(65)])("may not be %j", (id) => {
    expect(EVENT_ID_PATTERN.test(id)).toBe(false);
  });
});

describe("timestamps", () => {
  it.each(["2025-03-04T05:06:07Z", "2025-03-04T05:06:07.123456789Z", "2025-03-04T05:06:07.5+05:30"])(
    "may be %s",
    (timestamp) => expect(TIMESTAMP_PATTERN.test(timestamp)).toBe(true),
  );

  it.each([
    "2025-03-04T05:06:07",
    "2025-03-04 05:06:07Z",
    "2025-03-04",
    "1741064767",
    '2025-03-04T05:06:07Z"',
  ])("may not be %s", (timestamp) => expect(TIMESTAMP_PATTERN.test(timestamp)).toBe(false));
});

describe("times", () => {
  it.each([
    "2024-02-29T00:00:00Z",
    "2000-02-29T23:59:59Z",
    "2026-12-31T23:59:59.999999999+23:59",
    "0000-01-01T00:00:00Z",
    "2026-04-30T10:00:00-00:00",
  ])("there are: %s", (text) => {
    expect(isTime(text)).toBe(true);
    expect(Date.parse(text)).not.toBeNaN();
  });

  it.each([
    "2026-02-30T10:00:00Z",
    "2026-02-29T10:00:00Z",
    "1900-02-29T10:00:00Z",
    "2026-04-31T10:00:00Z",
    "2026-13-01T10:00:00Z",
    "2026-00-10T10:00:00Z",
    "2026-01-00T10:00:00Z",
    "2026-13-45T99:99:99Z",
    "2026-11-28T24:00:00Z",
    "2026-11-28T10:60:00Z",
    "2016-12-31T23:59:60Z",
    "2026-11-28T10:00:00+25:99",
    "2026-11-28T10:00:00+24:00",
    "2026-11-28T10:00:00-10:60",
    "0000-00-00T00:00:00Z",
  ])("there are none like %s", (text) => expect(isTime(text)).toBe(false));

  it("are those that another calendar knows", () => {
    const part = (max: number) => fc.integer({ min: 0, max }).map((value) => String(value).padStart(2, "0"));
    const anyTime = fc.tuple(
      fc.integer({ min: 100, max: 9_999 }),
      part(13),
      part(32),
      part(25),
      part(61),
      part(61),
    );
    fc.assert(
      fc.property(anyTime, ([year, month, day, ...clock]) => {
        const text = `${String(year).padStart(4, "0")}-${month}-${day}T${clock.join(":")}Z`;
        const moment = new Date(Date.UTC(year, Number(month) - 1, Number(day), ...clock.map(Number)));
        expect(isTime(text)).toBe(moment.toISOString() === text.replace("Z", ".000Z"));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("subscriptions", () => {
  it.each(["*", "job.completed", "job.*", "job.stage.*", "Order.*", "user-created"])("may be %s", (text) => {
    expect(isSubscription(text)).toBe(true);
  });

  it.each(["", ".*", "**", "job*", "*.completed", "job.*.done", "job.*.*", "*.Paid", "-*"])(
    "may not be %j",
    (text) => {
      expect(isSubscription(text)).toBe(false);
    },
  );

  it.each<[string, string, boolean]>([
    ["*", "job.completed", true],
    ["job.completed", "job.completed", true],
    ["job.completed", "job.completed.twice", false],
    ["job.*", "job.completed", true],
    ["job.*", "job.stage.changed", true],
    ["job.*", "job", false],
    ["job.*", "jobs.completed", false],
    ["Order.*", "Order.Paid", true],
    ["Order.*", "order.Paid", false],
    ["userCreated", "usercreated", false],
    ["user-*", "user-created", false],
    ["job.stage.*", "job.completed", false],
  ])("%s against %s: %s", (subscription, type, covered) => {
    expect(subscriptionCovers(subscription, type)).toBe(covered);
  });
});
