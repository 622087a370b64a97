/** Publishing over HTTP while a service migrates: the bus' own text, and the way back while the store is away. */
import { describe, expect, it } from "vitest";
import type { Phase } from "../../src/core/migration.ts";
import { type Api, ask, publish, startApi } from "../support/api.ts";
import { CHANNEL, LIST, listenToBus } from "../support/bus.ts";
import { startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis, type TestHookwave } from "../support/service.ts";
import { until } from "../support/until.ts";

const LEGACY = '{ "model_id":"m_1", "value" : 0.90, "big":12345678901234567890 }';
const event = (id: string, type = "model.registered") =>
  `{"id":"${id}","type":"${type}","data":{"model_id":"${id}"},"legacy":{"data":${LEGACY}}}`;

const turn = (hookwave: TestHookwave, phase: Phase) =>
  hookwave.migration.set({ phase, forMs: null, reason: null, backlog: null, shares: null, by: "test" });

describe("legacy.data", () => {
  it("reaches the bus byte for byte, and no receiver", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver();
    await using bus = await listenToBus(redis.url);
    await using hookwave = await startHookwave(redis);
    await using api = await startApi(hookwave);
    await hookwave.endpoints.add({ id: "default", url: receiver.url });
    await turn(hookwave, "dual");

    expect(await publish(api, event("evt_1"))).toMatchObject({ status: 202, body: { id: "evt_1" } });
    const [request] = await receiver.received(1);
    expect(String(request?.body)).not.toContain("legacy");
    await until("the bus has said it", () => bus.heard.length === 1);
    expect(bus.heard).toEqual([LEGACY]);
    expect((await bus.entries())[0]).toContain(`"payload": ${LEGACY}, `);
    const kept = await ask(`${api.url}/api/v1/events/evt_1`);
    expect(kept.text).toContain(`"legacy":{"data":${LEGACY}},"data":{"model_id":"evt_1"}}`);
    await hookwave.publish({ type: "thing.made", data: {}, id: "evt_2" });
    const other = await until("the other is on record", async () => {
      const answer = await ask(`${api.url}/api/v1/events/evt_2`);
      return answer.status === 200 && answer;
    });
    expect(other.body).not.toHaveProperty("legacy");
  });

  it("belongs to the content that an id stands for", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis, { role: "api" });
    await using api = await startApi(hookwave, { delivers: false });
    expect(await publish(api, event("evt_1"))).toMatchObject({ status: 202 });
    expect(await publish(api, event("evt_1"))).toMatchObject({ status: 202 });
    expect(await publish(api, event("evt_1").replace("0.90", "0.91"))).toMatchObject({
      status: 409,
      body: { code: "EVENT_CONFLICT" },
    });
  });
});

/** A service whose bus is on another server than its store, which has gone. */
async function withoutStore(phase: Phase, use: (scene: Scene) => Promise<void>): Promise<void> {
  await using store = await startRedis("--appendonly", "yes");
  await using elsewhere = await startRedis();
  await using bus = await listenToBus(elsewhere.url);
  await using hookwave = await startHookwave(store, { legacyRedisUrl: elsewhere.url, shutdownGraceMs: 200 });
  await using api = await startApi(hookwave);
  const { token } = await hookwave.keys.create({ name: "producer", roles: ["publish"] });
  await turn(hookwave, phase);
  await store.stop();
  await until("the store is away", async () => !(await hookwave.isRedisReachable()));
  const post = (body: string) => publish(api, body, { authorization: `Bearer ${token}` });
  await use({ api, bus, post, stopBus: elsewhere.stop });
}

interface Scene {
  readonly api: Api;
  readonly bus: Awaited<ReturnType<typeof listenToBus>>;
  readonly post: (body: string) => ReturnType<typeof publish>;
  readonly stopBus: () => Promise<void>;
}

describe("in phase redis, while the store is away", () => {
  it("what the bus takes is accepted, for a key, with an id and without, one and many", async () => {
    await withoutStore("redis", async ({ api, bus, post }) => {
      const one = await post(event("evt_1"));
      expect(one).toMatchObject({ status: 202, body: { id: "evt_1", on_bus_only: true } });
      const unnamed = await post(event("evt_1").replace('"id":"evt_1",', ""));
      expect(unnamed).toMatchObject({ status: 202, body: { on_bus_only: true } });
      expect(await post(`[${event("evt_2")},${event("evt_3")}]`)).toMatchObject({
        status: 202,
        body: { ids: ["evt_2", "evt_3"], on_bus_only: ["evt_2", "evt_3"] },
      });
      expect(await bus.entries()).toHaveLength(4);
      await until("the channel has said all", () => bus.heard.length === 4);
      expect(await ask(`${api.url}/readyz`)).toMatchObject({
        status: 200,
        body: { status: "ready", redis: "unreachable", bus: "reachable" },
      });
    });
  });

  it("what the bus never takes is refused, alone and in company, and nothing of it is on the bus", async () => {
    await withoutStore("redis", async ({ bus, post }) => {
      for (const body of [
        event("evt_1", "thing.made"),
        `[${event("evt_1", "thing.made")},${event("evt_2")}]`,
      ])
        expect(await post(body)).toMatchObject({ status: 503, body: { code: "REDIS_UNAVAILABLE" } });
      expect(await bus.entries()).toEqual([]);
    });
  });

  it("a bus that is away, too, is what is said, and the process is not ready", async () => {
    await withoutStore("redis", async ({ api, post, stopBus }) => {
      await stopBus();
      await until("nothing is ready", async () => (await ask(`${api.url}/readyz`)).status === 503);
      expect(await post(event("evt_1"))).toMatchObject({ status: 503, body: { code: "BUS_UNAVAILABLE" } });
    });
  });
});

describe.each(["dual", "primary", "webhook"] as const)("in phase %s, while the store is away", (phase) => {
  it("nothing is accepted, and nothing is ready", async () => {
    await withoutStore(phase, async ({ api, bus, post }) => {
      expect(await post(event("evt_1"))).toMatchObject({ status: 503, body: { code: "REDIS_UNAVAILABLE" } });
      expect(await bus.entries()).toEqual([]);
      expect(await ask(`${api.url}/readyz`)).toMatchObject({ status: 503, body: { status: "not_ready" } });
    });
  });
});

describe("in phase redis, while the store is there", () => {
  it("nothing is said to be on the bus only", async () => {
    await using redis = await startRedis();
    await using bus = await listenToBus(redis.url);
    await using hookwave = await startHookwave(redis);
    await using api = await startApi(hookwave);
    await turn(hookwave, "redis");
    expect((await publish(api, event("evt_1"))).body).toEqual({ id: "evt_1" });
    expect((await publish(api, `[${event("evt_2")}]`)).body).toEqual({ ids: ["evt_2"] });
    expect(await bus.redis.llen(LIST)).toBe(2);
    expect(bus.heard.length, CHANNEL).toBe(2);
    expect((await ask(`${api.url}/readyz`)).body).not.toHaveProperty("bus");
  });
});
