/** The four phases, each with its one rule, against a real Redis, a real consumer of the bus and a real receiver. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createPublisher } from "../../src/app/publishing.ts";
import { asEventId } from "../../src/core/brand.ts";
import { isInShare, type Phase } from "../../src/core/migration.ts";
import type { SwitchRequest } from "../../src/manage/migration.ts";
import { type BusConsumer, LIST, listenToBus, registered } from "../support/bus.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis, type TestHookwave, type TestRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

let redis: TestRedis;
let receiver: Receiver;
let bus: BusConsumer;
let hookwave: TestHookwave;
beforeEach(async () => {
  redis = await startRedis();
  receiver = await startReceiver();
  bus = await listenToBus(redis.url);
  hookwave = await startHookwave(redis, { redisFallbackAfterMs: 1_000 });
  await hookwave.endpoints.add({ id: "default", url: receiver.url });
});
afterEach(async () => {
  await hookwave.close();
  await bus[Symbol.asyncDispose]();
  await receiver.close();
  await redis[Symbol.asyncDispose]();
});

const turn = (phase: Phase, request: Partial<SwitchRequest> = {}) =>
  hookwave.migration.set({
    phase,
    forMs: null,
    reason: null,
    backlog: null,
    shares: null,
    by: "test",
    ...request,
  });
const idsOnBus = async (): Promise<readonly string[]> =>
  (await bus.entries()).map((text) => JSON.parse(text).payload.model_id);

describe("phase dual", () => {
  it("sends each event both ways: enveloped on the list, bare on the channel, its own text by webhook", async () => {
    await turn("dual");
    await hookwave.publish(registered("evt_1"));
    const [request] = await receiver.received(1);
    expect(String(request?.body)).toContain('"version":1e2');
    const [entry = ""] = await until("the list has it", async () => {
      const entries = await bus.entries();
      return entries.length === 1 && entries;
    });
    expect(Object.keys(JSON.parse(entry))).toEqual([
      "message_id",
      "message_type",
      "payload",
      "timestamp",
      "retry_count",
      "max_retries",
    ]);
    expect(entry).toContain(registered("evt_1").legacyText);
    await until("the channel has said it", () => bus.heard.length === 1);
    expect(bus.heard).toEqual([registered("evt_1").legacyText]);
  });

  it("writes it once for the events of several jobs that come one after another, and delivers each", async () => {
    await turn("dual");
    await hookwave.close();
    const ids = Array.from({ length: 100 }, (_, at) => `evt_${at}`);
    const publisher = createPublisher({ redisUrl: redis.url });
    // One job each.
    for (const id of ids) await publisher.publish(registered(id));
    await publisher.close();
    hookwave = await startHookwave(redis);
    await receiver.received(ids.length);
    // Once more, and later, where the bus was too slow for its deadline.
    await until("the bus has all", async () => new Set(await idsOnBus()).size === ids.length);
    const writes = hookwave.happenings.filter(({ kind }) => kind === "bus.written");
    expect(writes.length).toBeLessThan(ids.length / 2);
  });

  it("keeps other types away from the bus", async () => {
    await turn("dual");
    await hookwave.publish({ id: "evt_other", type: "thing.made", dataText: "{}" });
    await hookwave.publish(registered("evt_1"));
    await receiver.received(2);
    expect(await idsOnBus()).toEqual(["evt_1"]);
  });
});

describe("phase primary", () => {
  it("puts on the bus, once, what is not delivered in time, and nothing else", async () => {
    await turn("primary");
    await hookwave.publish(registered("evt_good"));
    await receiver.received(1);
    receiver.replies(503);
    await hookwave.publish(registered("evt_late"));
    await until("the late one is on the bus", async () => (await idsOnBus()).length > 0);
    await hookwave.publish(registered("evt_later"));
    await until("so is the next", async () => (await idsOnBus()).length > 1);
    expect(await idsOnBus()).toEqual(["evt_late", "evt_later"]);
  });
});

describe("phase webhook", () => {
  it("leaves the bus alone", async () => {
    await hookwave.publish(registered("evt_1"));
    await receiver.received(1);
    expect([await idsOnBus(), bus.heard]).toEqual([[], []]);
  });
});

describe("phase redis", () => {
  it("acknowledges when the bus has it, keeps the webhook, and delivers it after the return", async () => {
    await turn("redis");
    await hookwave.publish(registered("evt_1"));
    expect(await idsOnBus()).toEqual(["evt_1"]);
    await until("its webhook is kept", async () => (await hookwave.migration.status()).backlog === 1);
    expect(receiver.ids()).toEqual([]);

    await expect(turn("dual")).rejects.toThrow(/webhooks of 1 event/);
    await turn("dual", { backlog: "deliver" });
    await receiver.received(1);
    expect([receiver.ids(), await idsOnBus()]).toEqual([["evt_1"], ["evt_1"]]);
    await until("nothing is kept any more", async () => (await hookwave.migration.status()).backlog === 0);
  });

  it("drops the webhooks when told to", async () => {
    await turn("redis");
    await hookwave.publish(registered("evt_1"));
    await until("its webhook is kept", async () => (await hookwave.migration.status()).backlog === 1);
    await turn("webhook", { backlog: "discard" });
    await until("nothing is kept any more", async () => (await hookwave.migration.status()).backlog === 0);
    await hookwave.publish(registered("evt_2"));
    await receiver.received(1);
    expect(receiver.ids()).toEqual(["evt_2"]);
  });

  it("writes the bus for producers that do not", async () => {
    await turn("redis");
    const job = JSON.stringify({ id: "evt_py", type: "model.registered", data: { model_id: "evt_py" } });
    const { Queue } = await import("bullmq");
    const queue = new Queue("events", { connection: { url: redis.url }, prefix: "{hookwave}" });
    await queue.add("events", JSON.parse(job));
    await until("the bus has it", async () => (await idsOnBus()).length === 1);
    await queue.close();
    expect(await idsOnBus()).toEqual(["evt_py"]);
    expect(receiver.ids()).toEqual([]);
  });

  it("refuses a publish that the bus does not take", async () => {
    await turn("redis");
    await bus.redis.set(LIST, "no list");
    await expect(hookwave.publish(registered("evt_1"))).rejects.toMatchObject({ code: "BUS_UNAVAILABLE" });
  });
});

describe("a share", () => {
  it("sends so much by webhook, and everything by the bus", async () => {
    await turn("dual", { shares: { "*": 50 } });
    const ids = Array.from({ length: 200 }, (_, at) => `evt_${at}`);
    await hookwave.publishMany(ids.map(registered));
    await until("the bus has all", async () => (await idsOnBus()).length === 200);
    const shared = ids.filter((id) =>
      isInShare({ id: asEventId(id), type: "model.registered" }, { "*": 50 }),
    );
    await receiver.received(shared.length);
    await hookwave.close();
    expect(receiver.ids().toSorted()).toEqual(shared.toSorted());
    expect(shared.length).toBeGreaterThan(60);
    expect(shared.length).toBeLessThan(140);
  });
});
