import { describe, expect, it } from "vitest";
import type { RedisVitals } from "../../../../src/core/readings.ts";
import { type DurabilitySettings, redisFindings } from "../../../../src/manage/doctor/redis-findings.ts";

const MB = 1_024 * 1_024;
const WELL: RedisVitals = {
  product: "Redis",
  version: "7.2.4",
  redisVersion: "7.2.4",
  isReplica: false,
  replicas: 0,
  isLoading: false,
  hasAof: true,
  fsync: "everysec",
  evictionPolicy: "noeviction",
  evictsNothing: true,
  isAofWell: true,
  isSnapshotWell: true,
  memoryBytes: 100 * MB,
  memoryMaxBytes: 1_000 * MB,
  machineBytes: 8_000 * MB,
  clients: 10,
  clientsMax: 10_000,
  skewMs: 3,
  fsyncProblem: null,
  pingsMs: [0.2, 0.3, 0.2],
};
const SETTINGS: DurabilitySettings = { requireAof: true, publishDurability: "redis", replicasMin: 1 };

const bad = (vitals: Partial<RedisVitals>, settings: Partial<DurabilitySettings> = {}) =>
  redisFindings({ ...WELL, ...vitals }, { ...SETTINGS, ...settings })
    .filter(({ level }) => level !== "ok")
    .map(({ check, level, seen }) => [check, level, seen]);

describe("a Redis that is well", () => {
  it("has nothing against it, and says of each check what was seen", () => {
    expect(bad({})).toEqual([]);
    for (const { seen, remedy } of redisFindings(WELL, SETTINGS)) {
      expect(seen).not.toBe("");
      expect(remedy).toBeNull();
    }
  });

  it.each([
    ["at the oldest version", { version: "6.2.0", redisVersion: "6.2.0" }],
    ["with a later major one", { version: "10.0.0", redisVersion: "10.0.0" }],
    ["as Valkey", { product: "Valkey", version: "9.0.1", redisVersion: "7.2.4" }],
    ["where it does not tell appendfsync", { fsync: null }],
    [
      "just below every threshold",
      { memoryBytes: 799 * MB, clients: 7_999, skewMs: -1_000, pingsMs: [19, 19, 249] },
    ],
  ] as const)("is so %s", (_, vitals) => {
    expect(bad(vitals)).toEqual([]);
  });
});

describe("a Redis that is not well", () => {
  it.each<[Partial<RedisVitals>, string, string, RegExp]>([
    [{ version: "6.0.9", redisVersion: "6.0.9" }, "redis.version", "broken", /Redis 6\.0\.9; Redis 6\.2/],
    [{ version: "5", redisVersion: "5" }, "redis.version", "broken", /6\.2/],
    [{ version: "", redisVersion: "" }, "redis.version", "broken", /6\.2/],
    [{ isReplica: true }, "redis.role", "broken", /replica/],
    [{ isLoading: true }, "redis.connection", "broken", /still reads its files/],
    [{ fsync: "no" }, "redis.aof", "warning", /appendfsync no/],
    [{ isAofWell: false }, "redis.persistence", "broken", /append-only file/],
    [{ isSnapshotWell: false }, "redis.persistence", "broken", /snapshot/],
    [
      { evictionPolicy: "allkeys-lru", evictsNothing: false },
      "redis.eviction",
      "broken",
      /allkeys-lru: accepted events are thrown away/,
    ],
    [{ memoryBytes: 800 * MB }, "redis.memory", "warning", /800 MB used of 1000 MB \(80 %\)/],
    [{ memoryBytes: 950 * MB }, "redis.memory", "broken", /95 %/],
    [{ memoryBytes: 1_200 * MB }, "redis.memory", "broken", /120 %/],
    [{ memoryMaxBytes: 0 }, "redis.maxmemory", "warning", /no maxmemory/],
    [{ clients: 8_000 }, "redis.clients", "warning", /8000 connections of 10000/],
    [{ pingsMs: [1, 20, 30] }, "redis.latency", "warning", /median 20\.0 ms, worst 30\.0 ms of 3/],
    [{ pingsMs: [1, 1, 250] }, "redis.latency", "warning", /worst 250\.0 ms/],
    [{ skewMs: 1_500 }, "redis.clock", "warning", /1500 ms ahead of/],
    [{ skewMs: -2_500 }, "redis.clock", "broken", /2500 ms behind/],
    [{ skewMs: null }, "redis.clock", "warning", /too long/],
  ])("%j", (vitals, check, level, seen) => {
    expect(bad(vitals)).toEqual([[check, level, expect.stringMatching(seen)]]);
  });

  it("without a limit is measured by its machine, as far as that is known", () => {
    const seen = (vitals: Partial<RedisVitals>) =>
      redisFindings({ ...WELL, ...vitals }, SETTINGS).find(({ check }) => check === "redis.memory");
    expect(seen({ memoryMaxBytes: 0, memoryBytes: 7_000 * MB })).toMatchObject({
      level: "warning",
      seen: expect.stringContaining("of 7.8 GB that its machine has (88 %)"),
    });
    expect(seen({ memoryMaxBytes: 0, machineBytes: 0 })).toMatchObject({ level: "ok", seen: "100 MB used" });
  });

  it("without an append-only file is broken where one is required, and a warning where not", () => {
    expect(bad({ hasAof: false })).toEqual([["redis.aof", "broken", expect.stringContaining("REQUIRE_AOF")]]);
    expect(bad({ hasAof: false }, { requireAof: false })).toEqual([
      ["redis.aof", "warning", expect.stringContaining("no append-only file")],
    ]);
  });

  it("cannot give the durability that every publish asks for", () => {
    expect(bad({ replicas: 1 }, { publishDurability: "replicated", replicasMin: 2 })).toEqual([
      ["durability", "broken", expect.stringContaining("wants 2 replicas, and 1 connected")],
    ]);
    expect(bad({ replicas: 2 }, { publishDurability: "replicated", replicasMin: 2 })).toEqual([]);
    const fsyncProblem = { expected: "appendonly yes", got: "no append-only file", remedy: "" };
    expect(bad({ fsyncProblem }, { publishDurability: "fsync" })).toEqual([
      ["durability", "broken", expect.stringContaining("wants appendonly yes, got no append-only file")],
    ]);
  });
});
