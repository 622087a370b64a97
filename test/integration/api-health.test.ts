/** What the HTTP API says of the service's health, above all while Redis is away. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openHookwave } from "../../src/app.ts";
import { asEndpointId } from "../../src/core/brand.ts";
import type { EndpointStatus } from "../../src/manage/endpoint-health.ts";
import { startEmbeddedRedis } from "../../src/process/embedded-redis.ts";
import { type Api, ask, publish, startApi } from "../support/api.ts";
import { aLetter, bury } from "../support/letters.ts";
import { startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

const SENTINEL = '{"type":"thing.made","id":"evt_last","data":{}}';

/** Of ten, so that a busy machine's pause is not taken for ours. */
async function fastestRefusalMs(api: Api): Promise<number> {
  let fastestMs = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 10; round += 1) {
    const startedAt = performance.now();
    const refused = await publish(api, SENTINEL);
    fastestMs = Math.min(fastestMs, performance.now() - startedAt);
    expect(refused).toMatchObject({ status: 503, body: { code: "REDIS_UNAVAILABLE" } });
    expect(refused.headers.get("retry-after")).toBe("1");
  }
  return fastestMs;
}

describe("while Redis is away", () => {
  it("publishing is refused within 50 ms, probes say so, and all is well soon after it is back", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis);
    await using api = await startApi(hookwave);
    await using receiver = await startReceiver();
    await hookwave.endpoints.add({ url: receiver.url });
    const readiness = () => ask(`${api.url}/readyz`);
    expect(await readiness()).toMatchObject({
      status: 200,
      body: { status: "ready", redis: "reachable", worker: "consuming" },
    });

    await redis.stop();
    const unready = await until("the outage is noticed", async () => {
      const answer = await readiness();
      return answer.status === 503 && answer;
    });
    expect(unready.body).toMatchObject({ status: "not_ready", redis: "unreachable" });
    expect(await fastestRefusalMs(api)).toBeLessThan(50);
    expect(await ask(`${api.url}/healthz`)).toMatchObject({ status: 200, body: { status: "ok" } });
    expect(await ask(`${api.url}/metrics`)).toMatchObject({ status: 200 });
    for (const path of ["/health/webhooks", "/api/v1/status"]) {
      expect(await ask(`${api.url}${path}`)).toMatchObject({
        status: 503,
        body: { code: "REDIS_UNAVAILABLE" },
      });
    }

    const { dataDir, url } = redis;
    const searchPath = process.env["PATH"] ?? "";
    const back = await startEmbeddedRedis({ dataDir, searchPath, port: Number(new URL(url).port) });
    try {
      await until("it is ready again", async () => (await readiness()).status === 200);
      expect(await publish(api, SENTINEL)).toMatchObject({ status: 202 });
      await receiver.received(1);
      expect(receiver.ids()).toEqual(["evt_last"]);
    } finally {
      await hookwave.close();
      await back.stop();
    }
  });

  it("an API that is started then answers its probes and refuses to publish", async () => {
    const dataDir = await mkdtemp(join(tmpdir(), "hookwave-test-"));
    const hookwave = await openHookwave({ redisUrl: "redis://127.0.0.1:1", dataDir });
    await using api = await startApi(hookwave);
    await using apiOnly = await startApi(hookwave, { delivers: false });

    expect(await ask(`${api.url}/healthz`)).toMatchObject({ status: 200 });
    expect(await ask(`${api.url}/readyz`)).toMatchObject({
      status: 503,
      body: { status: "not_ready", redis: "unreachable", worker: "not_consuming" },
    });
    expect(await ask(`${apiOnly.url}/readyz`)).toMatchObject({
      status: 503,
      body: { status: "not_ready", redis: "unreachable", worker: "not_here" },
    });
    expect(await publish(api, SENTINEL)).toMatchObject({ status: 503, body: { code: "REDIS_UNAVAILABLE" } });
    expect(await ask(`${api.url}/metrics`)).toMatchObject({ status: 200 });
    await hookwave.close();
    await rm(dataDir, { recursive: true });
  });
});

describe("GET /readyz", () => {
  it("asks for a worker only where one is meant to be", async () => {
    await using redis = await startRedis();
    const hookwave = await openHookwave({ redisUrl: redis.url, dataDir: redis.dataDir, role: "api" });
    await using all = await startApi(hookwave);
    await using apiOnly = await startApi(hookwave, { delivers: false });
    await hookwave.start();

    expect(await ask(`${all.url}/readyz`)).toMatchObject({
      status: 503,
      body: { status: "not_ready", redis: "reachable", worker: "not_consuming" },
    });
    expect(await ask(`${apiOnly.url}/readyz`)).toMatchObject({
      status: 200,
      body: { status: "ready", redis: "reachable", worker: "not_here" },
    });
    await hookwave.close();
  });

  it("is not ready before it knows who may ask: whoever waited for that would be refused", async () => {
    await using redis = await startRedis();
    const hookwave = await openHookwave({ redisUrl: redis.url, dataDir: redis.dataDir, role: "api" });
    await using api = await startApi(hookwave, { delivers: false });
    const readiness = async () => (await ask(`${api.url}/readyz`)).status;
    await hookwave.untilConnected(5_000);
    expect(await readiness()).toBe(503);

    await hookwave.start();
    expect(await readiness()).toBe(200);
    expect(await publish(api, SENTINEL)).toMatchObject({ status: 202 });
    await hookwave.close();
  });
});

describe("GET /health/webhooks", () => {
  it("tells how each endpoint is, without what its URL keeps secret", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis);
    await using api = await startApi(hookwave);
    await using healthy = await startReceiver();
    await using failing = await startReceiver(503);
    await hookwave.endpoints.add({ id: "good", url: `${healthy.url}?token=s3cret` });
    const health = () => ask(`${api.url}/health/webhooks`);
    await publish(api, '{"type":"thing.made","data":{}}');

    const ok = await until("the success is recorded", async () => {
      const answer = await health();
      return JSON.stringify(answer.body).includes('"last_success_at":"') && answer;
    });
    expect(ok).toMatchObject({ status: 200, body: { status: "ok" } });
    expect(ok.body).toHaveProperty("endpoints", [
      {
        id: "good",
        url: `${new URL(healthy.url).origin}/***`,
        is_active: true,
        breaker: "closed",
        last_success_at: expect.stringMatching(/^\d{4}-/),
        failing_since: null,
        waiting: 0,
        oldest_age_ms: 0,
      },
    ]);

    await hookwave.endpoints.add({ id: "bad", url: failing.url, retrySchedule: [60_000] });
    await publish(api, '{"type":"thing.made","data":{}}');
    const degraded = await until("the failure is recorded", async () => {
      const answer = await health();
      return JSON.stringify(answer.body).includes('"waiting":1') && answer;
    });
    expect(degraded).toMatchObject({ status: 200, body: { status: "degraded" } });
    expect(degraded.body).toHaveProperty(
      "endpoints",
      expect.arrayContaining([
        expect.objectContaining({ id: "bad", failing_since: expect.stringMatching(/^\d{4}-/), waiting: 1 }),
      ]),
    );
  });

  it("is a page of the endpoints, and says where the next begins", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis);
    await using api = await startApi(hookwave);
    for (const id of ["one", "two", "three"])
      await hookwave.endpoints.add({ id, url: "https://example.com/hook" });
    const page = async (query: string) => Object((await ask(`${api.url}/health/webhooks?${query}`)).body);

    const first = await page("limit=2");
    const second = await page(`limit=2&after=${first.next}`);
    const ids = [...first.endpoints, ...second.endpoints].map(({ id }) => id);
    expect(ids.toSorted()).toEqual(["one", "three", "two"]);
    expect(second.next).toBeNull();
    expect(await ask(`${api.url}/health/webhooks?after=nonsense`)).toMatchObject({
      status: 400,
      body: { code: "CURSOR_INVALID" },
    });
  });

  it.each([
    ["ok", {}],
    ["ok", { isActive: false, breaker: "open", failingSince: "2026-01-31T12:00:00.000Z" }],
    ["degraded", { failingSince: "2026-01-31T12:00:00.000Z" }],
    ["degraded", { breaker: "half_open" }],
  ] as const)("is %s with an endpoint that is %j", async (status, changes) => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis);
    const health = () => Promise.resolve({ data: [{ ...WELL, ...changes }], next: null });
    await using api = await startApi({ ...hookwave, health });

    expect((await ask(`${api.url}/health/webhooks`)).body).toMatchObject({ status });
  });
});

const WELL: EndpointStatus = {
  id: asEndpointId("ep_1"),
  url: "https://example.com/hook",
  isActive: true,
  breaker: "closed",
  lastSuccessAt: null,
  failingSince: null,
  waiting: 0,
  oldestAgeMs: 0,
};

describe("GET /api/v1/status", () => {
  it("counts what is new, trying again and given up, with the oldest age of each", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis, { role: "api" });
    await using api = await startApi(hookwave);
    await publish(api, SENTINEL);
    await bury(redis, [aLetter({ eventId: "evt_1", endpoint: "ep_1" })]);

    const { status, body } = await ask(`${api.url}/api/v1/status`);

    expect(status).toBe(200);
    expect(body).toEqual({
      new: { depth: 1, oldest_age_ms: expect.any(Number) },
      retrying: { depth: 0, oldest_age_ms: 0 },
      dead: { depth: 1, oldest_age_ms: expect.any(Number) },
    });
  });
});

describe("GET /metrics", () => {
  it("has every metric that was promised, and counts what was published here", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis);
    await using api = await startApi(hookwave);
    await publish(api, `[${SENTINEL},{"type":"thing.made","data":{}}]`);

    const { headers, body } = await ask(`${api.url}/metrics`);

    expect(headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
    for (const name of [
      "hookwave_attempts_total",
      "hookwave_attempt_duration_seconds",
      "hookwave_delivery_latency_seconds",
      "hookwave_retries_total",
      "hookwave_dead_letters_total",
      "hookwave_circuit_breaker_state",
      "hookwave_queue_depth",
      "hookwave_queue_overdue_seconds",
    ])
      expect(body).toContain(`# TYPE ${name} `);
    expect(body).toMatch(/^hookwave_events_published_total 2$/m);
  });
});
