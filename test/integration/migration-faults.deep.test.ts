/** A bus of its own server that fails in dual: webhooks go on, and what the bus missed comes when it is back. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type RedisServer, startRedisServer } from "../chaos/harness/redis-server.ts";
import { readOnlyReplica } from "../chaos/harness/refused-writes.ts";
import { type BusConsumer, CHANNEL, LIST, listenToBus, registered } from "../support/bus.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis, type TestHookwave, type TestRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

let redis: TestRedis;
let busServer: RedisServer;
let bus: BusConsumer;
let receiver: Receiver;
let hookwave: TestHookwave;
beforeEach(async () => {
  redis = await startRedis();
  busServer = await startRedisServer("everysec");
  bus = await listenToBus(busServer.url);
  receiver = await startReceiver();
  hookwave = await startHookwave(redis, {
    legacyRedisUrl: busServer.url,
    enableRedisFallback: true,
    redisFallbackMode: "dual",
    redisFallbackAfterMs: 1_000,
    legacyRedisListMax: 1_000,
  });
  await hookwave.endpoints.add({ id: "default", url: receiver.url });
});
afterEach(async () => {
  await hookwave.close();
  await bus[Symbol.asyncDispose]();
  await receiver.close();
  await busServer[Symbol.asyncDispose]();
  await redis[Symbol.asyncDispose]();
});

interface Fault {
  readonly begin: (server: RedisServer) => unknown;
  readonly end: (server: RedisServer) => unknown;
}

const acl = (rule: string) => (server: RedisServer) => server.ask("ACL", "SETUSER", "default", rule);

const FAULTS: readonly (readonly [name: string, fault: Fault])[] = [
  ["stopped", { begin: (server) => server.stop(), end: (server) => server.startAgain() }],
  ["hung", { begin: (server) => server.freeze(), end: (server) => server.thaw() }],
  [
    "read-only",
    { begin: (server) => readOnlyReplica(server).begin(), end: (server) => readOnlyReplica(server).end() },
  ],
  [
    "out of memory",
    {
      begin: (server) => server.ask("CONFIG", "SET", "maxmemory", 1),
      end: (server) => server.ask("CONFIG", "SET", "maxmemory", 0),
    },
  ],
  ["denied to us by its ACL", { begin: acl("-lpush"), end: acl("+lpush") }],
];

const idsOnBus = async (): Promise<readonly string[]> =>
  (await bus.entries()).map((text) => JSON.parse(text).payload.model_id);
const publishSome = async (prefix: string, count: number): Promise<readonly string[]> => {
  const ids = Array.from({ length: count }, (_, at) => `evt_${prefix}_${at}`);
  await hookwave.publishMany(ids.map(registered));
  return ids;
};
const metric = async (name: string): Promise<number> => {
  const found = new RegExp(`^${name.replace(/[{}]/g, "\\$&")} (\\S+)$`, "m").exec(
    await hookwave.metrics.expose(),
  );
  return Number(found?.[1]);
};
const linesAboutBus = () =>
  hookwave.happenings.filter(
    (one) => one.kind === "service.failed" && (one.doing === "write_bus" || one.doing === "bus"),
  );

describe("in dual, a bus that is", () => {
  it.each(FAULTS)("%s keeps no webhook waiting, and gets all that it missed", async (_name, fault) => {
    const before = await publishSome("before", 20);
    await until("the bus has them", async () => (await idsOnBus()).length === 20);

    await fault.begin(busServer);
    const during = await publishSome("during", 50);
    await receiver.received(70);
    const more = await publishSome("more", 50);
    await receiver.received(120);
    const all = [...before, ...during, ...more];
    expect(new Set(receiver.ids())).toEqual(new Set(all));
    await until(
      "failures are counted",
      async () => (await metric('hookwave_bus_writes_total{result="failed"}')) > 0,
    );
    await until("what waits is missing", async () => (await metric("hookwave_parity_missing")) === 100);
    await fault.end(busServer);

    await until("the bus has all of them", async () => new Set(await idsOnBus()).size === 120, 30_000);
    expect(new Set(await idsOnBus())).toEqual(new Set(all));
    await until("nothing is late", async () => (await hookwave.migration.status()).late === 0);
    expect(await metric("hookwave_parity_missing")).toBe(0);
    expect(await metric('hookwave_bus_writes_total{result="written"}')).toBe(120);
    expect(linesAboutBus()).toHaveLength(1);
  });

  it("at its maximum gets nothing more, and goes on when there is room", async () => {
    const others = Array.from({ length: 990 }, (_, at) => `other ${at}`);
    await bus.redis.lpush(LIST, ...others);
    const ids = await publishSome("full", 30);
    await receiver.received(30);
    await until("the rest waits", async () => (await hookwave.migration.status()).late === 20);
    expect(await bus.redis.llen(LIST)).toBe(1_000);
    expect(await metric('hookwave_bus_writes_total{result="full"}')).toBeGreaterThanOrEqual(20);
    expect(await metric("hookwave_bus_list_length")).toBe(1_000);
    await until("it is missing", async () => (await metric("hookwave_parity_missing")) === 20);
    expect(linesAboutBus()).toHaveLength(1);

    // Its consumers read again; they are the only ones who take something away.
    await bus.redis.rpop(LIST, 990);
    await until("all of them are there", async () => (await bus.redis.llen(LIST)) === 30);
    expect((await idsOnBus()).toSorted()).toEqual(ids.toSorted());
  });

  it("heard by nobody is a metric, and nothing else happens", async () => {
    await publishSome("heard", 1);
    await until("one listens", async () => (await metric("hookwave_bus_receivers")) === 1);
    await bus[Symbol.asyncDispose]();
    bus = await listenToBus(busServer.url, `${CHANNEL}:another`);
    await publishSome("unheard", 5);
    await receiver.received(6);
    await until("nobody listens", async () => (await metric("hookwave_bus_receivers")) === 0);
    // A process that is starved misses the bus' deadline now and then; the event then comes late, which is another test's.
    await until("nothing is late", async () => (await hookwave.migration.status()).late === 0);
    expect(new Set(await idsOnBus()).size).toBe(6);
    const beside = linesAboutBus().filter((line) => !JSON.stringify(line).includes("no answer within"));
    expect(beside).toEqual([]);
  });
});
