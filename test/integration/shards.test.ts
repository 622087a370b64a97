/** An installation in three shards on one Redis: all that there is to do and to see is as in one that is not divided. */
import { Queue } from "bullmq";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { asEndpointId } from "../../src/core/brand.ts";
import { isRedisAway } from "../../src/core/redis-replies.ts";
import { createPublisher, type Publisher } from "../../src/index.ts";
import { connectRedis, type Redis } from "../../src/store/redis.ts";
import { type Api, ask, send, startApi } from "../support/api.ts";
import { watch } from "../support/live.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis, type TestHookwave, type TestRedis } from "../support/service.ts";
import { namesOf, oneOfEach, readAll, SHARDS, shardOf } from "../support/shards.ts";
import { until } from "../support/until.ts";

const TYPE = "thing.made";
const stack = new AsyncDisposableStack();
let server: TestRedis;
let redis: Redis;
let receiver: Receiver;
let hookwave: TestHookwave;
let api: Api;

const idsOf = (): readonly string[] => receiver.requests.map(({ headers }) => String(headers["webhook-id"]));
const timesOf = (id: string): number => idsOf().filter((one) => one === id).length;

/** A busy machine may take longer for the first connections than a publish waits. */
const published = (producer: Publisher, id: string): Promise<unknown> =>
  until("it is taken", () =>
    producer.publish({ id, type: TYPE, data: {} }).then(
      () => true,
      () => false,
    ),
  );

beforeAll(async () => {
  server = stack.use(await startRedis());
  redis = connectRedis(server.url, "watcher", () => undefined);
  stack.defer(() => redis.disconnect());
  receiver = stack.use(await startReceiver());
  hookwave = stack.use(await startHookwave(server, { shards: SHARDS, breakerFailureThreshold: 1_000 }));
  api = stack.use(await startApi(hookwave));
  await hookwave.endpoints.add({ id: "one", url: receiver.url, retrySchedule: [20] });
});
afterAll(() => stack.disposeAsync());

describe("events in shards", () => {
  it("are delivered once each, from whichever they lie in, whoever publishes them", async () => {
    const many = namesOf("many", 40);
    expect(new Set(many.map(shardOf)).size).toBe(SHARDS);
    await hookwave.publishMany(many.map((id) => ({ id, type: TYPE, data: {} })));
    await hookwave.publish({ id: "evt_alone", type: TYPE, data: {} });
    await send(api, "POST", "/api/v1/events", { id: "evt_by_http", type: TYPE, data: {} });
    const producer = createPublisher({ redisUrl: server.url, shards: SHARDS, logger: false });
    for (const id of ["evt_of_producer", "evt_alone"]) await published(producer, id);
    await producer.close();

    const all = [...many, "evt_alone", "evt_by_http", "evt_of_producer"];
    await until("all have come", () => all.every((id) => idsOf().includes(id)));
    await until("nothing is left", async () => (await hookwave.queueCounts()).new.depth === 0);
    expect(all.filter((id) => timesOf(id) !== 1)).toEqual([]);
    for (const id of all) {
      const keys = await redis.keys(`{hookwave:*}:event:*`);
      expect(keys.length).toBe(all.length);
      expect(await hookwave.events.get(id)).toMatchObject({ event: { id } });
    }
    expect(await redis.keys("{hookwave}:event:*")).toEqual([]);
  });

  it.each([
    ["one that knows of no shards", "{hookwave}"],
    ["one that adds all to one", "{hookwave:1}"],
  ])("come to where they belong from a producer: %s", async (_, prefix) => {
    const [ids, own] = [oneOfEach(`stray${prefix.length}`), `evt_${prefix.length}`];
    const queue = new Queue("events", { connection: { url: server.url }, prefix });
    await queue.add("event", { id: own, type: TYPE, data: "{}" });
    await queue.add(
      "events",
      ids.map((id) => ({ id, type: TYPE, data: '{ "n":1 }' })),
    );
    await queue.close();
    await until("all have come", () => [...ids, own].every((id) => idsOf().includes(id)));
    for (const id of ids) {
      expect(await hookwave.events.get(id)).toMatchObject({ event: { id, data: '{ "n":1 }' } });
      await hookwave.publish({ id, type: TYPE, data: {} });
    }
    await until("nothing is left", async () => (await hookwave.queueCounts()).new.depth === 0);
    expect(ids.map(timesOf)).toEqual([1, 1, 1]);
  });

  it("are refused as a whole over HTTP where one id has other content, whichever shard that is in", async () => {
    const ids = oneOfEach("conflict");
    const [taken = ""] = ids.slice(-1);
    await hookwave.events.publishOnce([{ id: taken, type: TYPE, dataText: '{"n":1}' }]);
    const events = ids.map((id) => ({ id, type: TYPE, data: { n: 2 } }));
    const { status, body } = await send(api, "POST", "/api/v1/events", events);
    expect(status).toBe(409);
    expect(body).toMatchObject({ code: "EVENT_CONFLICT" });
    // Nothing of it was claimed: the others may still be given other content.
    const others = ids.slice(0, -1).map((id) => ({ id, type: TYPE, dataText: '{"n":3}' }));
    await hookwave.events.publishOnce(others);
    await until("they come", () => ids.every((id) => idsOf().includes(id)));
  });
});

describe("lists over shards", () => {
  it("have each event once, in order, page by page, and the feed goes on where it was left", async () => {
    const before = await hookwave.events.feedEnd();
    const ids = namesOf("listed", 25);
    for (const id of ids) {
      await hookwave.publish({ id, type: "thing.listed", data: {} });
      await until("it is on record", () =>
        hookwave.events.get(id).then(
          () => true,
          () => false,
        ),
      );
    }
    const filter = { type: "thing.listed", since: null };
    const newest = await readAll((page) => hookwave.events.latest(filter, page), 4);
    expect(newest.map(({ id }) => id)).toEqual([...ids].reverse());
    const oldest = await readAll((page) => hookwave.events.feed(filter, page), 4);
    expect(oldest.map(({ id }) => id)).toEqual(ids);
    const { data, next } = await hookwave.events.feed(
      { type: null, since: null },
      { after: before, limit: 100 },
    );
    expect(data.map(({ id }) => id)).toEqual(ids);
    await hookwave.publish({ id: "evt_later", type: TYPE, data: {} });
    await until("it is in the feed", async () => {
      const later = await hookwave.events.feed({ type: null, since: null }, { after: next, limit: 100 });
      return later.data.map(({ id }) => id).join() === "evt_later";
    });
    await expect(hookwave.events.feed(filter, { after: "1-0", limit: 5 })).rejects.toMatchObject({
      code: "CURSOR_INVALID",
    });
    await until("all have come", () => ids.every((id) => idsOf().includes(id)));

    const anyOf = { eventId: null, endpointId: null, status: null, since: null, until: null } as const;
    const deliveries = await readAll(
      (page) => hookwave.deliveries.list({ ...anyOf, type: "thing.listed" }, page),
      4,
    );
    expect(deliveries.map(({ event }) => event.id)).toEqual([...ids].reverse());
    const attempts = await readAll(
      (page) => hookwave.endpoints.attempts("one", { eventType: "thing.listed" }, page),
      4,
    );
    expect(attempts.map(({ record }) => String(record.eventId)).sort()).toEqual([...ids]);
    const times = attempts.map(({ record }) => record.startedAt);
    expect(times).toEqual(times.toSorted().reverse());
  });

  it("are whole as a file, beyond its first page", async () => {
    const ids = namesOf("exported", 130);
    const type = "thing.exported";
    await hookwave.publishMany(ids.map((id) => ({ id, type, data: {} })));
    await until("all have come", () => ids.every((id) => idsOf().includes(id)));
    for (const query of [`type=${type}`, `since=${new Date(0).toISOString()}`]) {
      const { text } = await ask(`${api.url}/api/v1/events/export?${query}`);
      const rows = text.trimEnd().split("\n");
      const found = rows.map((row) => String(JSON.parse(row).id)).filter((id) => ids.includes(id));
      expect(found.toSorted()).toEqual(ids.toSorted());
    }
  });
});

describe("deliveries that fail", () => {
  it("are tried again, buried, listed, counted, replayed one by one and all together, and purged", async () => {
    const ids = oneOfEach("failing");
    await using ill = await startReceiver(500);
    await hookwave.endpoints.add({ id: "ill", url: ill.url, events: ["thing.failed"], retrySchedule: [20] });
    await hookwave.publishMany(ids.map((id) => ({ id, type: "thing.failed", data: {} })));
    const filter = { endpoint: asEndpointId("ill") };
    await until("all are buried", async () => (await hookwave.deadLetters.count(filter)) === 3);
    expect(ill.requests).toHaveLength(6);
    expect((await hookwave.queueCounts()).dead.depth).toBe(3);
    expect((await hookwave.deadLetters.groups(filter)).groups).toMatchObject([{ count: 3 }]);
    const letters = await readAll((page) => hookwave.deadLetters.list(filter, page), 2);
    expect(letters.map(({ eventId }) => String(eventId)).sort()).toEqual([...ids].sort());
    const times = letters.map(({ buriedAt }) => buriedAt);
    expect(times).toEqual(times.toSorted().reverse());
    await until(
      "its counts are there",
      async () => (await hookwave.endpoints.statistics("ill")).buried === 3,
    );
    expect((await hookwave.endpoints.statistics("ill")).lastDay).toMatchObject({ attempts: 6, failed: 6 });
    await until("its health is known", async () => {
      const { data } = await hookwave.health();
      return data.some(({ id, failingSince }) => id === "ill" && failingSince !== null);
    });

    ill.replies(200);
    const [first] = letters;
    expect(await hookwave.deadLetters.get(first?.id ?? "")).toMatchObject({ id: first?.id });
    await hookwave.deadLetters.replay(first?.id ?? "");
    await until("one has come", () => ill.requests.length === 7);
    const { id } = await hookwave.replays.begin({ filter, ratePerSecond: 100 });
    await until("the replay is done", async () => (await hookwave.replays.get(id)).state === "done");
    expect(await hookwave.replays.get(id)).toMatchObject({ total: 2, replayed: 2, failed: 0, skipped: 0 });
    await until("all have come", () => ill.requests.length === 9);
    expect(await hookwave.deadLetters.count(filter)).toBe(0);

    ill.replies(500);
    await hookwave.publishMany(
      oneOfEach("purged").map((one) => ({ id: one, type: "thing.failed", data: {} })),
    );
    await until("all are buried", async () => (await hookwave.deadLetters.count(filter)) === 3);
    await expect(hookwave.deadLetters.purge(filter, 2)).rejects.toMatchObject({ code: "PURGE_UNCONFIRMED" });
    expect(await hookwave.deadLetters.purge(filter, 3)).toBe(3);
    await expect(hookwave.deadLetters.get("dl_none")).rejects.toMatchObject({ code: "DEAD_LETTER_UNKNOWN" });
    await hookwave.endpoints.remove("ill");
    expect(await redis.keys("*ill*")).toEqual([]);
  });

  it("wait where they lie, are shown with their time, brought forward, and cancelled", async () => {
    const [one = "", other = "", third = ""] = oneOfEach("waiting");
    await using slow = await startReceiver(503);
    await hookwave.endpoints.add({
      id: "slow",
      url: slow.url,
      events: ["thing.slow"],
      retrySchedule: [600_000],
    });
    await hookwave.publishMany([one, other, third].map((id) => ({ id, type: "thing.slow", data: {} })));
    const waiting = () =>
      hookwave.deliveries.list(
        { eventId: null, endpointId: asEndpointId("slow"), status: "retrying", since: null, until: null },
        { after: null, limit: 10 },
      );
    await until("all wait", async () => {
      const { data } = await waiting();
      return data.length === 3 && data.every(({ nextAttemptAt }) => nextAttemptAt !== null);
    });
    const { data } = await hookwave.health();
    expect(data.find(({ id }) => id === "slow")?.waiting).toBe(3);
    expect((await hookwave.queueCounts()).retrying.depth).toBe(3);
    await hookwave.deliveries.cancel(`${one}.slow`);
    slow.replies(200);
    await hookwave.deliveries.retry(`${other}.slow`);
    await hookwave.events.replay(third, null);
    await until("two have come", () => slow.requests.length === 5);
    expect(await hookwave.deliveries.get(`${one}.slow`)).toMatchObject({ state: { status: "cancelled" } });
    await until("nothing waits", async () => (await hookwave.queueCounts()).retrying.depth === 0);
  });
});

describe("numbers of all shards together", () => {
  it("count each attempt once: those of the fleet, and those of an endpoint", async () => {
    const before = await sums();
    const ids = namesOf("counted", 30);
    await hookwave.publishMany(ids.map((id) => ({ id, type: TYPE, data: {} })));
    await until("all are counted", async () => (await sums()).own === before.own + 30);
    expect((await sums()).fleet).toBe(before.fleet + 30);
    const metrics = await hookwave.metrics.expose();
    expect(metrics).toContain("hookwave_queue_depth");
  });

  const sums = async () => {
    const { points } = await hookwave.statistics({});
    const own = await hookwave.endpoints.statistics("one");
    return { own: own.delivered, fleet: points.reduce((sum, { delivered }) => sum + delivered, 0) };
  };
});

describe("whoever watches", () => {
  it("hears of every attempt, and after a break of those in between, of each shard", async () => {
    const watching = await watch(`${api.url}/api/v1/live`);
    await hookwave.publishMany(namesOf("watched", 9).map((id) => ({ id, type: "thing.seen", data: {} })));
    await watching.attempts(9);
    expect(watching.lastId().split("~")).toHaveLength(SHARDS);
    await watching.close();
    const missed = namesOf("missed", 9);
    await hookwave.publishMany(missed.map((id) => ({ id, type: "thing.missed", data: {} })));
    await until("all have come", () => missed.every((id) => idsOf().includes(id)));
    await using again = await watch(`${api.url}/api/v1/live`, { "last-event-id": watching.lastId() });
    const heard = await again.attempts(9);
    expect(heard.map(({ data }) => String(data["event_id"])).sort()).toEqual([...missed]);
    expect((await ask(`${api.url}/api/v1/live?after=1-0`)).status).toBe(400);
  });
});

describe("what was written past the shards", () => {
  it("is none of theirs: the doctor finds nothing amiss, and nothing has failed", async () => {
    const { findings } = await hookwave.doctor();
    const about = findings.filter(({ check }) => check.startsWith("redis.") || check.startsWith("jobs"));
    expect(about.filter(({ level }) => level === "broken")).toEqual([]);
    // An answer that comes late on a busy machine is no failure of ours.
    const failed = hookwave.happenings.filter(
      (one) => one.kind === "service.failed" && !isRedisAway(one.error),
    );
    expect(failed).toEqual([]);
  });
});
