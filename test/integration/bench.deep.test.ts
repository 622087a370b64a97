import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const main = fileURLToPath(new URL("../../bench/main.ts", import.meta.url));
const migration = fileURLToPath(new URL("../../bench/migration.ts", import.meta.url));
const isolation = fileURLToPath(new URL("../../bench/isolation.ts", import.meta.url));
const turning = fileURLToPath(new URL("../../bench/switch.ts", import.meta.url));
const shards = fileURLToPath(new URL("../../bench/shards.ts", import.meta.url));
const above0 = expect.toSatisfy((value) => typeof value === "number" && value > 0);

const delivering = {
  deliveriesPerSecond: above0,
  cpuUsPerDelivery: above0,
  redisCpuUsPerDelivery: expect.any(Number),
};
const storing = { eventsPerSecond: above0, cpuUsPerEvent: above0, redisCpuUsPerEvent: above0 };

describe("the benchmark", () => {
  it("measures every mode and ends with one line of JSON in the documented shape", async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [main, "--quick"]);
    expect(JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "")).toEqual({
      raw: delivering,
      perJob: delivering,
      hookwave: delivering,
      publish: { publish: storing, publishMany: storing, singleAdd: storing },
      served: { ingest: storing, endToEnd: storing, steady: storing },
      latency: { p50Ms: above0, p99Ms: above0 },
      ratios: {
        hookwaveToRaw: above0,
        hookwaveToPerJob: above0,
        publishToSingleAdd: above0,
        publishManyToSingleAdd: above0,
      },
    });
  }, 120_000);
});

describe("the benchmark of the migration", () => {
  it("measures both phases and ends with one line of JSON", async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [migration, "--quick"]);
    const names = [
      "mostPerSecond",
      "workerUs",
      "workerCalmUs",
      "workerMostUs",
      "publisherUs",
      "p50Ms",
      "p99Ms",
    ];
    names.push("deliveredP50Ms", "deliveredP99Ms", "deliveredCalmP50Ms", "deliveredCalmP99Ms");
    const figures = Object.fromEntries(names.map((name) => [name, above0]));
    const compared = { ratio: above0, difference: expect.any(Number) };
    expect(stdout.split("\n").filter((line) => /^ {2}(kept|NOT KEPT) /.test(line))).toHaveLength(3);
    expect(JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "")).toEqual({
      webhook: figures,
      dual: figures,
      compared: Object.fromEntries(names.map((name) => [name, compared])),
    });
  }, 120_000);
});

describe("the benchmark of the switch", () => {
  it("turns it to and fro, and ends with one line of JSON", async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [turning, "--quick"]);
    const figures = JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "");
    expect(figures).toEqual({ switches: 2, medianMs: above0, worstMs: above0 });
  }, 120_000);
});

describe("the benchmark of isolation", () => {
  it("plays every case with and without the trouble", async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [isolation, "--quick"]);
    const findings = stdout.split("\n").filter((line) => /^ {2}(kept|NOT KEPT) /.test(line));
    expect(findings).toHaveLength(11);
    expect(findings.filter((line) => line.includes("NaN"))).toEqual([]);
  }, 240_000);
});

describe("the benchmark of shards", () => {
  it("measures each number of them, on as many servers", async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [shards, "--quick"]);
    const rows = JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "");
    const measured = { deliveriesPerSecond: above0, cpuUsPerDelivery: above0, redisCpuUsPerDelivery: above0 };
    expect(rows).toEqual(
      [1, 2, 3].map((count) => ({
        shards: count,
        ...measured,
        eachRedis: [expect.any(Number), expect.any(Number), expect.any(Number)],
      })),
    );
  }, 120_000);
});
