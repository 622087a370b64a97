import { describe, expect, it } from "vitest";
import {
  EVENT_ID_PATTERN,
  EVENT_TYPE_MAX_LENGTH,
  EVENT_TYPE_PATTERN,
  isEventType,
  isSubscription,
  subscriptionCovers,
  TIMESTAMP_PATTERN,
} from "../../../src/core/event.ts";

describe("event types", () => {
  it.each(["a", "job.completed", "task_started", "llm.step.completed", "0.1", "_", "a.b.c.d.e.f.g.h"])(
    "may be called %s",
    (type) => expect(isEventType(type)).toBe(true),
  );

  it.each([
    "",
    ".",
    "a.",
    ".a",
    "a..b",
    "Job",
    "job-done",
    "job completed",
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

describe("subscriptions", () => {
  it.each(["*", "job.completed", "job.*", "job.stage.*"])("may be %s", (text) => {
    expect(isSubscription(text)).toBe(true);
  });

  it.each(["", ".*", "**", "job*", "*.completed", "job.*.done", "job.*.*", "Job.*"])(
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
    ["job.stage.*", "job.completed", false],
  ])("%s against %s: %s", (subscription, type, covered) => {
    expect(subscriptionCovers(subscription, type)).toBe(covered);
  });
});
