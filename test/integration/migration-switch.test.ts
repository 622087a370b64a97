/** The switch over a fleet: by people, by time and by the environment; and the way back without the new system. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createPublisher } from "../../src/app/publishing.ts";
import type { OpenOptions } from "../../src/app.ts";
import type { Phase } from "../../src/core/migration.ts";
import type { SwitchRequest } from "../../src/manage/migration.ts";
import { type RedisServer, startRedisServer } from "../chaos/harness/redis-server.ts";
import { type BusConsumer, listenToBus, registered } from "../support/bus.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis, type TestHookwave, type TestRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

const OBEYED_WITHIN_MS = 2_000;

let redis: TestRedis;
let receiver: Receiver;
let bus: BusConsumer;
let fleet: AsyncDisposableStack;
beforeEach(async () => {
  redis = await startRedis();
  receiver = await startReceiver();
  bus = await listenToBus(redis.url);
  fleet = new AsyncDisposableStack();
});
afterEach(async () => {
  await fleet.disposeAsync();
  await bus[Symbol.asyncDispose]();
  await receiver.close();
  await redis[Symbol.asyncDispose]();
});

type Options = Omit<Partial<OpenOptions>, "redisUrl">;

const start = async (options: Options = {}): Promise<TestHookwave> =>
  fleet.use(await startHookwave(redis, options));
const startWithEndpoint = async (options: Options = {}): Promise<TestHookwave> => {
  const hookwave = await start(options);
  await hookwave.endpoints.add({ id: "default", url: receiver.url });
  return hookwave;
};
const turn = ({ migration }: TestHookwave, phase: Phase, request: Partial<SwitchRequest> = {}) =>
  migration.set({ phase, forMs: null, reason: null, backlog: null, shares: null, by: "test", ...request });
const phaseOf = async ({ metrics }: TestHookwave): Promise<string | undefined> =>
  /^hookwave_migration_phase\{phase="(\w+)"\} 1$/m.exec(await metrics.expose())?.[1];
const obeys = (hookwave: TestHookwave, phase: Phase) =>
  until(`it obeys ${phase}`, async () => (await phaseOf(hookwave)) === phase, OBEYED_WITHIN_MS);
const idsOnBus = async (): Promise<readonly string[]> =>
  (await bus.entries()).map((text) => JSON.parse(text).payload.model_id);

describe("a phase that is set for a while", () => {
  it("comes back to the share it had, and tells metrics and history", async () => {
    const hookwave = await start();
    await turn(hookwave, "dual", { shares: { "*": 30 } });
    await turn(hookwave, "webhook", { forMs: 300 });
    await obeys(hookwave, "webhook");
    await obeys(hookwave, "dual");
    const { stand, history } = await hookwave.migration.status();
    expect(stand).toMatchObject({ phase: "dual", shares: { "*": 30 }, by: "timer", returns: null });
    expect(history[0]).toMatchObject({ from: "dual", to: "dual", by: "timer" });
  });

  it("and for longer comes back to where it began, not to itself", async () => {
    const hookwave = await start();
    await turn(hookwave, "dual");
    await turn(hookwave, "redis", { forMs: 60_000 });
    const { stand } = await turn(hookwave, "redis", { forMs: 120_000 });
    expect(stand.returns).toMatchObject({ to: "dual" });
    expect((await turn(hookwave, "primary", { forMs: 300, backlog: "deliver" })).stand.returns?.to).toBe(
      "dual",
    );
  });

  it("comes back although every process was gone meanwhile, and what was kept is delivered", async () => {
    const before = await startWithEndpoint({ enableRedisFallback: true });
    const { stand } = await turn(before, "redis", { forMs: 1_500 });
    await before.publishMany(["evt_1", "evt_2"].map(registered));
    await until("they are kept", async () => (await before.migration.status()).backlog === 2);
    await before.close();
    await until("its time is over", () => Date.now() >= (stand.returns?.at ?? 0));

    const after = await start({ enableRedisFallback: true });
    await obeys(after, "dual");
    await after.publish(registered("evt_3"));
    await receiver.received(3);
    expect(new Set(receiver.ids())).toEqual(new Set(["evt_1", "evt_2", "evt_3"]));
    await until("the bus has all", async () => (await idsOnBus()).length === 3);
    expect((await idsOnBus()).toSorted()).toEqual(["evt_1", "evt_2", "evt_3"]);
    expect((await after.migration.status()).history[0]).toMatchObject({ by: "timer" });
  });
});

describe("a decision about what is kept", () => {
  it("is for one time that the bus is alone, whoever begins the next", async () => {
    const hookwave = await start();
    await turn(hookwave, "redis");
    await turn(hookwave, "dual", { backlog: "discard" });
    expect((await turn(hookwave, "primary")).stand.backlog).toBe("discard");
    const toRedis = { enableRedisFallback: true, redisFallbackMode: "redis" } as const;
    await start(toRedis);
    await obeys(hookwave, "redis");
    expect((await hookwave.migration.status()).stand.backlog).toBe("deliver");
  });
});

describe("the environment", () => {
  it("says where the migration begins, and one that says nothing changes nothing", async () => {
    const first = await start({ enableRedisFallback: true });
    await obeys(first, "dual");
    const silent = await start();
    await obeys(silent, "dual");
    expect((await silent.migration.status()).stand).toMatchObject({ version: 1, by: "environment" });
  });

  it("of one process that says something else than the last one switches the fleet", async () => {
    const others = [await start({ enableRedisFallback: true }), await start({ enableRedisFallback: true })];
    await start({ enableRedisFallback: false });
    await Promise.all(others.map((one) => obeys(one, "webhook")));
    await start({ enableRedisFallback: true, redisFallbackMode: "primary" });
    await Promise.all(others.map((one) => obeys(one, "primary")));
  });

  it("yields to a person who switched after it, and a restart with the same one does not come back to it", async () => {
    const hookwave = await start({ enableRedisFallback: true });
    await turn(hookwave, "webhook");
    const restarted = await start({ enableRedisFallback: true });
    await obeys(restarted, "webhook");
    await start({ enableRedisFallback: false });
    await start({ enableRedisFallback: true });
    await obeys(restarted, "dual");
  });

  it("with another percentage counts as another", async () => {
    const half = { enableRedisFallback: true, redisFallbackShares: { "*": 50 } };
    const hookwave = await start({ enableRedisFallback: true });
    await start(half);
    await until(
      "the share is there",
      async () => (await hookwave.migration.status()).stand.shares["*"] === 50,
    );
    const { version } = (await hookwave.migration.status()).stand;
    await start(half);
    expect((await hookwave.migration.status()).stand.version).toBe(version);
  });
});

describe("in redis, the way back without the new system", () => {
  it("gives the bus every accepted event while there is no worker", async () => {
    const hookwave = await start({ role: "api" });
    await turn(hookwave, "redis");
    const ids = Array.from({ length: 200 }, (_, at) => `evt_${at}`);
    await hookwave.publishMany(ids.map(registered));
    expect((await idsOnBus()).toSorted()).toEqual(ids.toSorted());
  });

  it("accepts what the bus has while the queue's Redis is down, and says so", async () => {
    await using store: RedisServer = await startRedisServer("everysec");
    await using hookwave = await startHookwave({ ...redis, url: store.url });
    await hookwave.migration.set({
      phase: "redis",
      forMs: null,
      reason: null,
      backlog: null,
      shares: null,
      by: "test",
    });
    const publisher = createPublisher({ redisUrl: store.url, bus: { legacyRedisUrl: redis.url } });
    expect(await publisher.publish(registered("evt_before"))).toEqual({ id: "evt_before" });
    await hookwave.close();
    await store.stop();
    const ids = Array.from({ length: 100 }, (_, at) => `evt_${at}`);
    const receipts = await Promise.all(ids.map((id) => publisher.publish(registered(id))));
    expect(receipts).toEqual(ids.map((id) => ({ id, isOnBusOnly: true })));
    await expect(publisher.publish({ type: "thing.made", dataText: "{}" })).rejects.toMatchObject({
      code: "REDIS_UNAVAILABLE",
    });
    expect((await idsOnBus()).toSorted()).toEqual([...ids, "evt_before"].toSorted());
    await publisher.close();
  });

  it("refuses a publish when the bus has no room, and then nothing of it is stored", async () => {
    const hookwave = await startWithEndpoint({ legacyRedisListMax: 2 });
    await turn(hookwave, "redis");
    await hookwave.publishMany(["evt_1", "evt_2"].map(registered));
    await expect(hookwave.publish(registered("evt_3"))).rejects.toMatchObject({ code: "BUS_UNAVAILABLE" });
    expect(await idsOnBus()).toEqual(["evt_1", "evt_2"]);
    await until("two are kept", async () => (await hookwave.migration.status()).backlog === 2);
  });
});
