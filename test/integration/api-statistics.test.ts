/** Statistics over HTTP: all that the fleet has done by the minute, or one webhook by the hour. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Api, startApi } from "../support/api.ts";
import { type ApiClient, clientOf, refused } from "../support/api-client.ts";
import { startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis, type TestHookwave, type TestRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

let redis: TestRedis;
let hookwave: TestHookwave;
let api: Api;
let client: ApiClient;

beforeAll(async () => {
  redis = await startRedis();
  hookwave = await startHookwave(redis);
  api = await startApi(hookwave);
  client = clientOf(api);
  await using good = await startReceiver();
  await using bad = await startReceiver(503);
  await hookwave.endpoints.add({ id: "good", url: good.url });
  await hookwave.endpoints.add({ id: "bad", url: bad.url, maxRetries: 0 });
  await hookwave.publishMany([1, 2, 3].map((n) => ({ id: `evt_${n}`, type: "work.done", data: {} })));
  await until("all is over", async () => {
    const { delivered } = await hookwave.endpoints.statistics("good");
    const { buried } = await hookwave.endpoints.statistics("bad");
    return delivered === 3 && buried === 3;
  });
});

afterAll(async () => {
  await api.close();
  await hookwave.close();
  await redis[Symbol.asyncDispose]();
});

const sumOf = (points: readonly Readonly<Record<string, number>>[], field: string): number =>
  points.reduce((sum, point) => sum + (point[field] ?? 0), 0);

describe("GET /statistics", () => {
  it("has a point for each minute of the last hour, which add up to what was done", async () => {
    const { body } = await client.get("/statistics");
    const { resolution, data } = Object(body);
    expect(resolution).toBe("minute");
    expect(data).toHaveLength(60);
    expect(
      ["attempts", "delivered", "failed", "retried", "buried"].map((field) => sumOf(data, field)),
    ).toEqual([...[6, 3, 3, 0, 3]]);
    expect(data.find(({ attempts }: { attempts: number }) => attempts > 0).p95_ms).toBeGreaterThan(0);
  });

  it("has the hours of one webhook where that is asked for", async () => {
    const { body } = await client.get("/statistics?endpoint=bad");
    const { resolution, data } = Object(body);
    expect(resolution).toBe("hour");
    expect(data).toHaveLength(24);
    expect(["attempts", "delivered", "failed", "buried"].map((field) => sumOf(data, field))).toEqual([
      3, 0, 3, 3,
    ]);
    expect(data[0]).toMatchObject({ retried: null, p95_ms: null });
  });

  it("is narrowed to a span, of the last day", async () => {
    const now = Date.now();
    const iso = (agoMs: number) => new Date(now - agoMs).toISOString();
    const minutes = async (query: string) =>
      Object((await client.get(`/statistics?${query}`)).body).data.length;
    expect(await minutes(`since=${iso(240_000)}&until=${iso(120_000)}`)).toBe(3);
    expect(await minutes(`since=${iso(7 * 86_400_000)}`)).toBeLessThanOrEqual(1_440);
    expect(await minutes(`until=${iso(2 * 86_400_000)}`)).toBe(0);
    expect(await client.get("/statistics?since=yesterday")).toMatchObject(refused(400, "REQUEST_INVALID"));
    expect(await client.get("/statistics?endpoint=nobody")).toMatchObject(refused(404, "ENDPOINT_UNKNOWN"));
  });
});
