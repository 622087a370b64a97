/** Sending an event again, to everyone or to one; and not taking another event for a repetition. */
import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { readEvents } from "../../src/api/read-events.ts";
import { openHookwave } from "../../src/app.ts";
import { untilBooked, untilIdle, untilStatus } from "../support/deliveries.ts";
import { startReceiver } from "../support/receiver.ts";
import { secretOf } from "../support/secret-of.ts";
import { startHookwave, startRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

const MINUTE_MS = 60_000;
const made = (id: string) => ({ id, type: "thing.made", dataText: '{"n":12345678901234567890}' });

describe("replaying an event", () => {
  it("sends it to all it was owed to, under the same id with the same bytes, and brings forward what waits", async () => {
    await using redis = await startRedis();
    await using good = await startReceiver();
    await using bad = await startReceiver(503, 200);
    await using dead = await startReceiver(400, 200);
    await using caller = await startReceiver();
    await using hookwave = await startHookwave(redis);
    await hookwave.endpoints.add({
      id: "good",
      url: good.url,
      secrets: [secretOf("s")],
      signsDestinations: true,
    });
    await hookwave.endpoints.add({ id: "bad", url: bad.url, retrySchedule: [MINUTE_MS] });
    await hookwave.endpoints.add({ id: "dead", url: dead.url, retrySchedule: [] });
    await hookwave.publish({ ...made("evt_1"), destinations: [{ url: caller.url, keyId: "good" }] });
    await Promise.all([
      untilStatus(hookwave, "evt_1.good", "delivered"),
      until("the letter is there", async () => (await hookwave.queueCounts()).dead.depth === 1),
      untilBooked(hookwave, "evt_1.bad"),
      caller.received(1),
    ]);
    await hookwave.endpoints.add({ id: "later", url: good.url });

    expect(await hookwave.events.replay("evt_1", null)).toEqual({ started: 3, broughtForward: 1 });

    const requests = [
      ...(await good.received(2)),
      ...(await bad.received(2)),
      ...(await dead.received(2)),
      ...(await caller.received(2)),
    ];
    await untilIdle(hookwave);
    expect(new Set(requests.map(({ headers }) => headers["webhook-id"]))).toEqual(new Set(["evt_1"]));
    expect(new Set(requests.map(({ body }) => String(body))).size).toBe(1);
    expect(requests).toHaveLength(8);
    const { deliveries } = await hookwave.events.get("evt_1");
    expect(deliveries.data.map(({ state }) => [state.status, state.round]).toSorted()).toEqual([
      ["delivered", 0],
      ["delivered", 1],
      ["delivered", 1],
      ["delivered", 1],
    ]);
    expect((await hookwave.queueCounts()).dead.depth).toBe(0);
  });

  it("asked for twice at once, sends it once more", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver();
    await using hookwave = await startHookwave(redis);
    await hookwave.endpoints.add({ id: "one", url: receiver.url });
    await hookwave.publish(made("evt_1"));
    await untilStatus(hookwave, "evt_1.one", "delivered");
    await using other = await startHookwave(redis, { role: "api" });

    await Promise.all([hookwave, other].map(({ events }) => events.replay("evt_1", null)));

    await receiver.received(2);
    await untilIdle(hookwave);
    expect(receiver.requests).toHaveLength(2);
  });

  it("to one endpoint leaves the others alone; it may be one that has never had it, or whose delivery was cancelled", async () => {
    await using redis = await startRedis();
    await using first = await startReceiver(503);
    await using second = await startReceiver();
    await using hookwave = await startHookwave(redis);
    await hookwave.endpoints.add({ id: "first", url: first.url, retrySchedule: [MINUTE_MS] });
    await hookwave.publish(made("evt_1"));
    await untilBooked(hookwave, "evt_1.first");
    await hookwave.endpoints.add({ id: "second", url: second.url, events: ["none"] });

    expect(await hookwave.events.replay("evt_1", "second")).toEqual({ started: 1, broughtForward: 0 });

    await untilStatus(hookwave, "evt_1.second", "delivered");
    expect(first.requests).toHaveLength(1);
    await hookwave.deliveries.cancel("evt_1.first");
    first.replies(200);
    await hookwave.events.replay("evt_1", "first");
    expect((await untilStatus(hookwave, "evt_1.first", "delivered")).state.round).toBe(1);
    expect(second.requests).toHaveLength(1);
  });

  it("is refused where there is no such event or endpoint", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis);
    await hookwave.publish(made("evt_1"));
    await untilIdle(hookwave);
    await expect(hookwave.events.replay("evt_2", null)).rejects.toMatchObject({ code: "EVENT_UNKNOWN" });
    await expect(hookwave.events.replay("evt_1", "nobody")).rejects.toMatchObject({
      code: "ENDPOINT_UNKNOWN",
    });
    expect(await hookwave.events.replay("evt_1", null)).toEqual({ started: 0, broughtForward: 0 });
  });
});

describe("publishing what may come twice", () => {
  it("takes the same content for a repetition, and refuses other content with all that came with it", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver();
    await using hookwave = await startHookwave(redis);
    await hookwave.endpoints.add({ id: "one", url: receiver.url });
    const { publishOnce } = hookwave.events;
    const conflict = { code: "EVENT_CONFLICT", message: expect.stringContaining('"evt_1"') };
    const url = receiver.url;

    for (let n = 0; n < 2; n += 1) expect(await publishOnce([made("evt_1")])).toEqual([{ id: "evt_1" }]);
    for (const other of [
      { type: "other.made" },
      { dataText: '{"n":12345678901234567891}' },
      { timestamp: "2025-03-04T05:06:07Z" },
      { destinations: [{ url }] },
    ])
      await expect(publishOnce([made("evt_2"), { ...made("evt_1"), ...other }])).rejects.toMatchObject(
        conflict,
      );
    await expect(publishOnce([made("evt_3"), { ...made("evt_3"), dataText: "1" }])).rejects.toMatchObject({
      code: "EVENT_CONFLICT",
    });
    // Nothing of what was refused has been claimed either.
    await publishOnce([{ ...made("evt_2"), dataText: "2" }]);
    const { id: _, ...nameless } = made("");
    await publishOnce([nameless, nameless]);

    await receiver.received(4);
    await untilIdle(hookwave);
    const generated = receiver.ids().filter((one) => !/^evt_\d$/.test(one));
    expect(new Set(generated).size).toBe(2);
    expect(receiver.ids().toSorted()).toEqual(["evt_1", "evt_2", ...generated].toSorted());
  });

  it("takes what came by HTTP and what comes by the SDK for the same content", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis, { role: "api" });
    const { publishOnce } = hookwave.events;
    for (const more of ["", ',"destinations":[]', ',"destinations":null']) {
      const body = Buffer.from(`{"type":"thing.made","id":"evt_1","data":{"n":1.0}${more}}`);
      expect(await publishOnce(readEvents(body, undefined).events)).toEqual([{ id: "evt_1" }]);
    }
    const sdk = { type: "thing.made", id: "evt_1", dataText: '{"n":1.0}' };
    expect(await publishOnce([sdk])).toEqual([{ id: "evt_1" }]);
    expect(await publishOnce([{ ...sdk, destinations: [] }])).toEqual([{ id: "evt_1" }]);
  });

  it("waits for a first connection, and is refused with REDIS_UNAVAILABLE where Redis has no memory or is away", async () => {
    const redis = await startRedis();
    const hookwave = await openHookwave({ redisUrl: redis.url, dataDir: redis.dataDir, role: "api" });
    const { publishOnce } = hookwave.events;
    await publishOnce([made("evt_1")]);

    const connection = new Redis(redis.url);
    await connection.config("SET", "maxmemory", "1");
    connection.disconnect();
    await expect(publishOnce([made("evt_2")])).rejects.toMatchObject({ code: "REDIS_UNAVAILABLE" });

    await redis[Symbol.asyncDispose]();
    await expect(publishOnce([made("evt_3")])).rejects.toMatchObject({ code: "REDIS_UNAVAILABLE" });
    await hookwave.close();
  });
});
