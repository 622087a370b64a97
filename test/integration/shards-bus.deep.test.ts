/** One shard of an installation does not answer: the others' events get onto the legacy bus, and operators hear of what they may. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { asEventId } from "../../src/core/brand.ts";
import type { Phase } from "../../src/core/migration.ts";
import { shardNumber } from "../../src/store/shard-places.ts";
import { type RedisServer, startRedisServer } from "../chaos/harness/redis-server.ts";
import { type BusConsumer, listenToBus, registered } from "../support/bus.ts";
import { spreadCluster } from "../support/cluster.ts";
import { startMember, type TestMember } from "../support/cluster-member.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { startHookwave, type TestHookwave } from "../support/service.ts";
import { until } from "../support/until.ts";

const SHARDS = 2;
/** Home is with the first of them. */
const KEYS = ["{hookwave:0}", "{hookwave:1}"];

const stack = new AsyncDisposableStack();
let home: TestMember;
let other: TestMember;
let busServer: RedisServer;
let bus: BusConsumer;
let receiver: Receiver;
let hookwave: TestHookwave;

const namesIn = (shard: number, prefix: string): readonly string[] =>
  Array.from({ length: 100 }, (_, n) => `evt_${prefix}_${n}`)
    .filter((id) => shardNumber(asEventId(id), SHARDS) === shard)
    .slice(0, 3);

const taken = (ids: readonly string[]): Promise<unknown> =>
  until("they are taken", () => hookwave.publishMany(ids.map(registered)).then(() => true));

const turn = (phase: Phase) =>
  until("the phase is set", () =>
    hookwave.migration.set({
      phase,
      forMs: null,
      reason: null,
      backlog: "deliver",
      shares: null,
      by: "test",
    }),
  );
const idsOnBus = async (): Promise<readonly string[]> =>
  (await bus.entries()).map((text) => JSON.parse(text).payload.model_id);
const timesOf = (all: readonly string[], ids: readonly string[]): readonly number[] =>
  ids.map((id) => all.filter((one) => one === id).length);

beforeAll(async () => {
  home = await startMember(stack);
  other = await startMember(stack);
  const url = await spreadCluster([home, other], KEYS);
  // One that is stopped is still a member: of two, nobody could say that it is not.
  for (const member of [home, other]) await member.ask("CONFIG", "SET", "cluster-node-timeout", 600_000);
  busServer = stack.use(await startRedisServer("everysec"));
  bus = stack.use(await listenToBus(busServer.url));
  receiver = stack.use(await startReceiver());
  const settings = {
    shards: SHARDS,
    legacyRedisUrl: busServer.url,
    redisFallbackAfterMs: 1_000,
    breakerFailureThreshold: 1_000,
  };
  hookwave = stack.use(await startHookwave({ ...home, url }, settings));
  await hookwave.endpoints.add({ id: "default", url: receiver.url, retrySchedule: [600_000] });
});
afterAll(() => stack.disposeAsync());

describe("while a shard does not answer", () => {
  it("what others have not delivered in `primary` gets onto the bus, and its own when it is back, once", async () => {
    const [away, well] = [namesIn(1, "late"), namesIn(0, "late")];
    receiver.replies(500);
    await turn("primary");
    await busServer.stop();
    await taken(away);
    await until("they have failed", () => away.every((id) => receiver.ids().includes(id)));
    process.kill(other.pid, "SIGSTOP");
    try {
      await taken(well);
      await until("they have failed", () => well.every((id) => receiver.ids().includes(id)));
      await busServer.startAgain();
      await until("the bus has those of the other", async () => {
        const ids = await idsOnBus();
        return well.every((id) => ids.includes(id));
      });
      expect(timesOf(await idsOnBus(), away)).toEqual([0, 0, 0]);
    } finally {
      process.kill(other.pid, "SIGCONT");
    }
    await until("the bus has all", async () => (await idsOnBus()).length >= 6);
    await until("nothing is late", async () => (await hookwave.migration.status()).late === 0);
    expect(timesOf(await idsOnBus(), [...away, ...well])).toEqual([1, 1, 1, 1, 1, 1]);
  });

  it("what was kept in `redis` is delivered for the others, and its own when it is back, once", async () => {
    const [away, well] = [namesIn(1, "kept"), namesIn(0, "kept")];
    receiver.replies(200);
    await turn("redis");
    for (const ids of [away, well]) await taken(ids);
    await until("all are kept", async () => (await hookwave.migration.status()).backlog === 6);
    process.kill(other.pid, "SIGSTOP");
    try {
      await turn("webhook");
      await until("those of the other come", () => well.every((id) => receiver.ids().includes(id)));
      expect(timesOf(receiver.ids(), away)).toEqual([0, 0, 0]);
    } finally {
      process.kill(other.pid, "SIGCONT");
    }
    await until("its own come", () => away.every((id) => receiver.ids().includes(id)), 60_000);
    await until("nothing is kept", async () => (await hookwave.migration.status()).backlog === 0);
    expect(timesOf(receiver.ids(), [...away, ...well])).toEqual([1, 1, 1, 1, 1, 1]);
  });

  it("operators are told of what comes by the others, and of the rest when it is back, once", async () => {
    const ids = Array.from({ length: 12 }, (_, n) => `switched_${n}`);
    await using operator = await startReceiver();
    await hookwave.endpoints.add({ id: "operator", url: operator.url, events: ["endpoint.disabled"] });
    for (const id of ids) await hookwave.endpoints.add({ id, url: receiver.url, events: ["thing.none"] });
    const disable = (some: readonly string[]) =>
      Promise.all(some.map((id) => hookwave.endpoints.disable(id, "test")));
    const left = async (): Promise<readonly string[]> => {
      const facts = await home.ask("HKEYS", "{hookwave}:operator-events");
      return Array.isArray(facts) ? facts.map(String) : [];
    };
    process.kill(other.pid, "SIGSTOP");
    try {
      for (const some of [ids.slice(0, 6), ids.slice(6)]) {
        await disable(some);
        await until("those of the other are published", async () =>
          (await left()).every((id) => shardNumber(asEventId(id), SHARDS) === 1),
        );
      }
      const waiting = await left();
      await until("they come", () => operator.ids().length === ids.length - waiting.length);
    } finally {
      process.kill(other.pid, "SIGCONT");
    }
    await until("all come", () => operator.ids().length >= ids.length, 60_000);
    await until("nothing is left", async () => (await left()).length === 0);
    expect(new Set(operator.ids()).size).toBe(operator.ids().length);
  });
});
