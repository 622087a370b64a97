/** An endpoint that is removed and made again under its id is another one: nothing that was owed to the first reaches it. */
import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { asEventId } from "../../src/core/brand.ts";
import { readVersionedDelivery } from "../../src/core/stored.ts";
import { createKeys } from "../../src/store/keys.ts";
import { untilBooked, untilIdle, untilStatus } from "../support/deliveries.ts";
import { summaries } from "../support/letters.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis, type TestHookwave, type TestRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

const KEYS = createKeys("{hookwave}");
const MINUTE_MS = 60_000;

let redis: TestRedis;
let raw: Redis;
let former: Receiver;
let present: Receiver;
let hookwave: TestHookwave;

beforeEach(async () => {
  redis = await startRedis();
  raw = new Redis(redis.url, { maxRetriesPerRequest: null });
  former = await startReceiver(503);
  present = await startReceiver();
  hookwave = await startHookwave(redis);
});

afterEach(async () => {
  await hookwave.close();
  raw.disconnect();
  await Promise.all([former, present].map((one) => one[Symbol.asyncDispose]()));
  await redis[Symbol.asyncDispose]();
});

const FOR_LATER = { id: "tenant", events: ["own.a"], retrySchedule: [MINUTE_MS] };

async function recreate(): Promise<void> {
  await hookwave.endpoints.remove("tenant");
  await hookwave.endpoints.create({ id: "tenant", url: present.url, events: ["own.b"] });
}

const publish = (id: string, type = "own.a") => hookwave.publish({ id, type, data: {} });

const reasons = async () =>
  (await summaries(hookwave)).map(({ because, eventId }) => `${eventId} ${because}`);

async function isOnlyALetter(eventId: string): Promise<void> {
  await until("it is given up", async () => (await reasons()).includes(`${eventId} endpoint_missing`));
  await untilIdle(hookwave);
  expect(present.requests).toEqual([]);
}

describe("what was owed to an endpoint that was removed, where another has its id", () => {
  it("is given up when its retry is due", async () => {
    await hookwave.endpoints.add({ ...FOR_LATER, url: former.url });
    await publish("evt_1");
    await untilBooked(hookwave, "evt_1.tenant");
    await recreate();

    await hookwave.deliveries.retry("evt_1.tenant");
    await isOnlyALetter("evt_1");
    expect(former.requests).toHaveLength(1);
  });

  it("is given up out of its line", async () => {
    const rateLimit = { count: 1, perMs: MINUTE_MS };
    former.replies(200);
    await hookwave.endpoints.add({ ...FOR_LATER, url: former.url, rateLimit });
    await publish("evt_1");
    await former.received(1);
    await publish("evt_2");
    await untilStatus(hookwave, "evt_2.tenant", "held");
    await recreate();

    await hookwave.deliveries.retry("evt_2.tenant");
    await isOnlyALetter("evt_2");
  });

  it("is given up when the job of its event runs again after a crash", async () => {
    await hookwave.endpoints.add({ ...FOR_LATER, url: former.url });
    await publish("evt_1");
    await untilBooked(hookwave, "evt_1.tenant");
    const event = await raw.hgetall(KEYS.event(asEventId("evt_1")));
    await recreate();
    // As a crash leaves it: the attempt is on record, and the retry was not booked yet.
    await raw.del(...(await raw.keys("{hookwave}:deliveries:d_*")), "{hookwave}:deliveries:delayed");
    const again = {
      v: 1,
      events: [{ id: "evt_1", type: "own.a", timestamp: event["timestamp"], data: event["data"] }],
      holder: event["holder"],
      acceptedAt: Number(event["accepted_at"]),
    };
    const events = new Queue("events", { connection: raw, prefix: "{hookwave}" });
    await events.add("events", again);
    await events.close();
    await untilBooked(hookwave, "evt_1.tenant");

    await hookwave.deliveries.retry("evt_1.tenant");
    await isOnlyALetter("evt_1");
  });

  it("says nothing of the other one: no attempt, no count, no failure, no waiting, no breaker", async () => {
    const answer = Promise.withResolvers<void>();
    former.replies((response) => void answer.promise.then(() => response.writeHead(503).end()));
    await hookwave.endpoints.add({ ...FOR_LATER, url: former.url });
    await publish("evt_0");
    await former.received(1);
    await hookwave.endpoints.remove("tenant");
    // A worker that has not heard of it yet.
    await raw.hset(KEYS.breakers, "tenant", Date.now() + MINUTE_MS);
    await hookwave.endpoints.create({ id: "tenant", url: present.url, events: ["own.b"] });
    answer.resolve();
    await until("its attempt is on record", async () => (await raw.xlen(KEYS.recent)) === 1);
    await untilBooked(hookwave, "evt_0.tenant");

    expect(await hookwave.endpoints.statistics("tenant")).toMatchObject({
      delivered: 0,
      buried: 0,
      waiting: 0,
      lastDay: { attempts: 0 },
    });
    const { data } = await hookwave.health({ after: null, limit: 10 });
    expect(data).toMatchObject([{ id: "tenant", breaker: "closed", failingSince: null, waiting: 0 }]);
    expect((await hookwave.endpoints.attempts("tenant", {}, { after: null, limit: 10 })).data).toEqual([]);
  });

  it("disables nothing when its receiver says that it is gone", async () => {
    const answer = Promise.withResolvers<void>();
    former.replies((response) => void answer.promise.then(() => response.writeHead(410).end()));
    await hookwave.endpoints.add({ ...FOR_LATER, url: former.url });
    await publish("evt_1");
    await former.received(1);
    await hookwave.endpoints.remove("tenant");
    // The same URL, and still another one.
    await hookwave.endpoints.create({ id: "tenant", url: former.url, events: ["own.b"] });
    answer.resolve();
    await until("it is given up", async () => (await reasons()).includes("evt_1 gone"));

    expect((await hookwave.endpoints.get("tenant")).isActive).toBe(true);
  });
});

describe("a dead letter that was owed to it", () => {
  beforeEach(async () => {
    await hookwave.endpoints.add({ ...FOR_LATER, url: former.url, retrySchedule: [] });
    await publish("evt_1");
    await until("it is given up", async () => (await reasons()).includes("evt_1 exhausted"));
    await recreate();
  });

  const theLetter = async () => (await summaries(hookwave))[0]?.id ?? "";

  it("is not replayed to the other one unless somebody names it", async () => {
    await expect(hookwave.deadLetters.replay(await theLetter())).rejects.toMatchObject({
      code: "REPLAY_INVALID",
      message: expect.stringContaining("--to tenant"),
    });
    await expect(hookwave.deliveries.retry("evt_1.tenant")).rejects.toMatchObject({ code: "REPLAY_INVALID" });
    const all = await hookwave.replays.begin({});
    hookwave.replays.attend(all.id);
    const ended = await until("it is over", async () => {
      const now = await hookwave.replays.get(all.id);
      return now.state === "done" && now;
    });
    expect(ended).toMatchObject({ replayed: 0, failed: 1 });
    expect(await hookwave.events.replay("evt_1", null)).toEqual({ started: 0, broughtForward: 0 });
    expect(await hookwave.deadLetters.count({})).toBe(1);
    expect(present.requests).toEqual([]);
  });

  it("goes to the other one by a replay that names it", async () => {
    const { id } = await hookwave.replays.begin({ to: (await hookwave.endpoints.get("tenant")).id });
    hookwave.replays.attend(id);
    await present.received(1);
    await untilStatus(hookwave, "evt_1.tenant", "delivered");
    expect(await hookwave.deadLetters.count({})).toBe(0);
  });

  it("goes to the other one when its event is replayed to that, also while it waits", async () => {
    await hookwave.endpoints.add({ ...FOR_LATER, url: former.url });
    await publish("evt_waits");
    await untilBooked(hookwave, "evt_waits.tenant");
    await recreate();
    expect(await hookwave.events.replay("evt_waits", "tenant")).toMatchObject({ started: 1 });
    await untilStatus(hookwave, "evt_waits.tenant", "delivered");
    expect(present.ids()).toEqual(["evt_waits"]);
  });

  it("goes to the other one when its event is replayed to that", async () => {
    expect(await hookwave.events.replay("evt_1", "tenant")).toMatchObject({ started: 1 });
    await present.received(1);
    await untilStatus(hookwave, "evt_1.tenant", "delivered");
    expect(await hookwave.deadLetters.count({})).toBe(0);
  });
});

describe("an endpoint stays the same one", () => {
  it.each([
    ["is changed", () => hookwave.endpoints.amend("tenant", { url: present.url })],
    ["is replaced as a whole", () => hookwave.endpoints.add({ ...FOR_LATER, url: present.url })],
    ["is declared with another URL", () => hookwave.endpoints.ensure({ ...FOR_LATER, url: present.url })],
  ])("when it %s: what it is owed goes to its new URL", async (_how, change) => {
    await hookwave.endpoints.add({ ...FOR_LATER, url: former.url });
    await publish("evt_1");
    await untilBooked(hookwave, "evt_1.tenant");
    await change();

    await hookwave.deliveries.retry("evt_1.tenant");
    await present.received(1);
    await untilStatus(hookwave, "evt_1.tenant", "delivered");
  });
});

describe("what a version before this one has stored, which knew no incarnations", () => {
  it("goes to whoever has the id: a delivery, a letter, and for an endpoint of that version", async () => {
    await hookwave.endpoints.add({ ...FOR_LATER, url: former.url });
    await publish("evt_1");
    await untilBooked(hookwave, "evt_1.tenant");
    const [key = ""] = await raw.keys("{hookwave}:deliveries:d_*");
    const read = readVersionedDelivery((await raw.hget(key, "data")) ?? "");
    if (read.kind !== "delivery") throw new Error("expected a delivery");
    expect(read.delivery.incarnation).toBeDefined();
    const { incarnation: _, ...before } = read.delivery;
    await raw.hset(key, "data", JSON.stringify({ v: 1, delivery: before }));
    await recreate();

    await hookwave.deliveries.retry("evt_1.tenant");
    await present.received(1);
  });

  it("is an endpoint without one: what notes one is owed to it", async () => {
    await hookwave.endpoints.add({ ...FOR_LATER, url: former.url });
    await publish("evt_1");
    await untilBooked(hookwave, "evt_1.tenant");
    const { incarnation: _, ...record } = JSON.parse((await raw.hget(KEYS.endpoints, "tenant")) ?? "{}");
    await raw.hset(KEYS.endpoints, "tenant", JSON.stringify({ ...record, url: present.url }));
    await raw.incr(KEYS.endpointsVersion);
    await until("it is heard of", async () => {
      await hookwave.endpoints.get("tenant");
      return (await hookwave.endpoints.get("tenant")).incarnation === null;
    });

    await hookwave.deliveries.retry("evt_1.tenant");
    await present.received(1);
  });
});
