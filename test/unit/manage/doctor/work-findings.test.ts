import { describe, expect, it } from "vitest";
import { asEndpointId } from "../../../../src/core/brand.ts";
import type { LetterSummary } from "../../../../src/core/letter.ts";
import type { QueueCounts } from "../../../../src/core/queue-counts.ts";
import type { JobsReading } from "../../../../src/core/readings.ts";
import type { Finding } from "../../../../src/manage/doctor/finding.ts";
import { inOrder, ok, worstOf } from "../../../../src/manage/doctor/finding.ts";
import * as work from "../../../../src/manage/doctor/work-findings.ts";

const HOUR_MS = 3_600_000;
const lineOf = ({ check, level, seen }: Finding): string => `${level} ${check}: ${seen}`;

describe("workers", () => {
  it.each<[readonly (readonly [string, number])[], readonly RegExp[]]>([
    [[], [/^broken workers: no worker/]],
    [[["1.0.0", 2]], [/^ok workers: 2 workers/, /^ok workers.version: 2 × 1.0.0/]],
    [
      [
        ["1.0.0", 1],
        ["0.9.0", 3],
      ],
      [/^ok workers: 4/, /^warning workers.version: 3 × 0.9.0, 1 × 1.0.0; asked of 1.0.0/],
    ],
    [[["0.9.0", 1]], [/^ok workers: 1 worker heard/, /^warning workers.version: 1 × 0.9.0; asked of 1.0.0/]],
  ])("%j", (present, lines) => {
    expect(work.workerFindings(new Map(present), "1.0.0").map(lineOf)).toEqual(
      lines.map((line) => expect.stringMatching(line)),
    );
  });
});

describe("the queues", () => {
  const counts = (newMs: number, retryingMs: number): QueueCounts => ({
    new: { depth: 3, oldestAgeMs: 0, overdueMs: newMs },
    retrying: { depth: 4, oldestAgeMs: 0, overdueMs: retryingMs },
    dead: { depth: 5, oldestAgeMs: HOUR_MS, overdueMs: 0 },
  });

  it.each([
    [5_000, 0, "ok", "3 new, 4 trying again; nothing is overdue"],
    [0, 5_001, "warning", "overdue by 5 s"],
    [60_000, 0, "warning", "overdue by 60 s"],
    [0, 60_001, "broken", "overdue by 60 s"],
  ])("%s ms and %s ms late: %s", (newMs, retryingMs, level, seen) => {
    expect(work.queuesFinding(counts(newMs, retryingMs))).toMatchObject({
      level,
      seen: expect.stringContaining(seen),
    });
  });
});

describe("jobs", () => {
  const jobs = (reading: Partial<JobsReading>) =>
    work.jobFindings({ inWork: 2, stuck: [], alien: [], paused: [], ...reading }).map(lineOf);

  it("that are well are counted", () => {
    expect(jobs({})).toEqual([
      "ok jobs.stuck: 2 jobs in work, each held by its worker",
      expect.stringMatching(/^ok jobs.alien/),
    ]);
  });

  it("that nobody holds, that are alien, and queues that are paused are named, the first of many", () => {
    const many = ["a", "b", "c", "d", "e", "f", "g"];
    expect(jobs({ stuck: many, alien: ["events: job x"], paused: ["events"] })).toEqual([
      expect.stringMatching(/^broken queues: the queue events is paused/),
      expect.stringMatching(/^warning jobs.stuck: 7 jobs .*: a, b, c, d, e and 2 more$/),
      expect.stringMatching(/^warning jobs.alien: 1 entry .*: events: job x$/),
    ]);
  });
});

describe("what waits and what was given up", () => {
  it("is parked well for half of the time after which it is given up", () => {
    const parked = (depth: number, heldSince: number | null) =>
      work.parkedFinding(
        { depth, oldestHeldSince: heldSince, dueAt: null },
        { holdMaxAgeMs: 24 * HOUR_MS },
        24 * HOUR_MS,
      );
    expect(parked(0, null)).toMatchObject({ level: "ok", seen: "no delivery is parked" });
    expect(parked(7, 12 * HOUR_MS + 1)).toMatchObject({
      level: "ok",
      seen: expect.stringContaining("7 parked"),
    });
    expect(parked(7, 12 * HOUR_MS)).toMatchObject({
      level: "warning",
      seen: expect.stringContaining("43200 s; after 1d"),
    });
  });

  it("is counted by its reason, as far as it was looked at", () => {
    const letters = (...reasons: readonly LetterSummary["because"][]): readonly LetterSummary[] =>
      reasons.map((because, at) => ({
        id: `dl_${at}`,
        eventId: null,
        eventType: null,
        endpointId: null,
        because,
        buriedAt: "",
        attempts: 1,
        lastStatus: null,
      }));
    expect(work.lettersFinding({ count: 0, newest: [] })).toMatchObject({ level: "ok" });
    const newest = letters("exhausted", "invalid", "exhausted");
    expect(lineOf(work.lettersFinding({ count: 3, newest }))).toBe(
      "warning dead_letters: 3 dead letters (2 exhausted, 1 invalid)",
    );
    expect(lineOf(work.lettersFinding({ count: 900, newest }))).toBe(
      "warning dead_letters: 900 dead letters (of the newest 3: 2 exhausted, 1 invalid)",
    );
  });

  it("is held by breakers, which are named", () => {
    expect(work.breakersFinding([])).toMatchObject({ level: "ok" });
    expect(lineOf(work.breakersFinding([asEndpointId("ep_1")]))).toMatch(
      /^warning breakers: 1 breaker open.*ep_1$/,
    );
  });
});

describe("secrets", () => {
  const endpoint = (id: string, isOpened: boolean | null) => ({
    id: asEndpointId(id),
    url: "https://a.example/",
    isActive: true,
    isOpened,
  });

  it.each([
    [[endpoint("a", true), endpoint("b", true)], [], "ok", "2 endpoints"],
    [[], [], "ok", "0 endpoints"],
    [[endpoint("a", true), endpoint("b", false)], [], "broken", "does not open the secrets of b"],
    [[endpoint("a", null)], [], "warning", "no encryption key here"],
    [[endpoint("a", true)], [asEndpointId("c")], "broken", "cannot be read: c"],
  ])("of %j and unreadable %j are %s", (endpoints, unreadable, level, seen) => {
    expect(work.secretsFinding({ endpoints, unreadable })).toMatchObject({
      level,
      seen: expect.stringContaining(seen),
    });
  });
});

describe("findings", () => {
  it("have the level of the worst, and are well where there is none", () => {
    expect(worstOf([])).toBe("ok");
    expect(worstOf([{ level: "ok" }, { level: "broken" }, { level: "warning" }])).toBe("broken");
  });

  it("are read in one order, and what only another version knows comes last", () => {
    const mixed = [{ check: "from.the.future" }, ok("workers", ""), ok("redis.aof", ""), ok("api", "")];
    expect(inOrder(mixed).map(({ check }) => check)).toEqual([
      "api",
      "redis.aof",
      "workers",
      "from.the.future",
    ]);
  });
});
