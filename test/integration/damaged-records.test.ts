/** Records of ours that were damaged, or replaced by something else: the work goes on, and what is listed is listed. */
import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { asEndpointId, asEventId } from "../../src/core/brand.ts";
import { createKeys } from "../../src/store/keys.ts";
import { aLetter, bury, storedLetters, summaries } from "../support/letters.ts";
import { startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis, type TestHookwave, type TestRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

const keys = createKeys("{hookwave}");
const eventId = asEventId("evt_1");
const endpointId = asEndpointId("ep_1");
const event = { id: eventId, type: "thing.made", data: {} };
let redis: TestRedis;
let admin: Redis;

beforeEach(async () => {
  redis = await startRedis();
  admin = new Redis(redis.url);
});

afterEach(async () => {
  admin.disconnect();
  await redis[Symbol.asyncDispose]();
});

const nothingLeft = (worker: TestHookwave) => async (): Promise<boolean> => {
  const { new: fresh, retrying } = await worker.queueCounts();
  return fresh.depth + retrying.depth === 0;
};

describe("a delivery's state that cannot be read", () => {
  it.each(["{oops", '{"round":"x"}', ""])(
    "(%j) does not keep its attempt, nor others, from being recorded",
    async (text) => {
      await using receiver = await startReceiver(503, 503, 200);
      await using worker = await startHookwave(redis);
      await worker.endpoints.add({ id: endpointId, url: receiver.url, retrySchedule: [300, 300] });
      await worker.publish(event);
      await receiver.received(1);

      await admin.hset(keys.event(eventId), `d:${endpointId}`, text);
      await receiver.received(2);
      await admin.hset(keys.event(eventId), `d:${endpointId}`, text);

      await until("it is delivered and done", nothingLeft(worker));
      expect(receiver.requests).toHaveLength(3);
      expect(await admin.hget(keys.event(eventId), `d:${endpointId}`)).toContain('"status":"delivered"');
    },
  );
});

describe("a delivery's state that a later version wrote", () => {
  it.each([
    ["delivered", 0],
    ["buried", 1],
  ])(
    "(%s) is over: a re-run of its event's job sends nothing and leaves %i letters",
    async (status, letters) => {
      await using receiver = await startReceiver();
      await using worker = await startHookwave(redis);
      await worker.endpoints.add({ id: endpointId, url: receiver.url });
      await worker.publish(event);
      await until("it is delivered and done", nothingLeft(worker));

      const attempts = [{ attemptNumber: 1, outcome: "throttled" }];
      const state = { round: 0, status, attempts, nextAttemptAt: null, because: "exhausted" };
      await admin.hset(keys.event(eventId), `d:${endpointId}`, JSON.stringify(state));
      const holder = await admin.hget(keys.event(eventId), "holder");
      const events = new Queue("events", { connection: admin, prefix: "{hookwave}" });
      await events.add("events", { v: 1, events: [event], holder });
      await until("it is done once more", nothingLeft(worker));
      await events.close();

      expect(receiver.requests).toHaveLength(1);
      expect(await summaries(worker)).toHaveLength(letters);
    },
  );
});

describe("something else under the key of a record", () => {
  it.each([
    ["the event", keys.event(eventId)],
    ["the endpoint's attempts", keys.attempts(endpointId)],
    ["all attempts", keys.recent],
    ["the endpoint's health", keys.health(endpointId)],
  ])("(%s) is quarantined, told of, and the event is delivered once", async (_, key) => {
    await using receiver = await startReceiver();
    await using worker = await startHookwave(redis);
    await worker.endpoints.add({ id: endpointId, url: receiver.url });
    // A new endpoint takes away what one of its id has left behind.
    await admin.set(key, "not ours");

    await worker.publish(event);

    await until("it is delivered and done", nothingLeft(worker));
    expect(receiver.ids()).toEqual([eventId]);
    expect(await admin.get(`${key}:quarantined`)).toBe("not ours");
    expect(worker.happenings).toContainEqual(
      expect.objectContaining({ kind: "service.noticed", detail: expect.objectContaining({ key }) }),
    );
  });
});

describe("something else under the key of what waits for an endpoint", () => {
  it("is quarantined, and the retry comes", async () => {
    await using receiver = await startReceiver(503, 200);
    await using worker = await startHookwave(redis);
    await worker.endpoints.add({ id: endpointId, url: receiver.url, retrySchedule: [300] });
    const key = keys.waiting(endpointId);
    await admin.set(key, "not ours");

    await worker.publish(event);

    await until("it is delivered and done", nothingLeft(worker));
    expect(receiver.ids()).toEqual([eventId, eventId]);
    expect(await admin.get(`${key}:quarantined`)).toBe("not ours");
    expect(await admin.exists(key)).toBe(0);
  });
});

describe("a dead letter that cannot be read", () => {
  it("is listed and shown with the others, is not replayed, and can be removed and purged", async () => {
    await using hookwave = await startHookwave(redis, { role: "api" });
    await bury(redis, [
      aLetter({ eventId: "evt_a", endpoint: "ep_1" }),
      aLetter({ eventId: "evt_b", endpoint: "ep_1" }),
    ]);
    const [first, second] = await summaries(hookwave);
    await admin.hset(
      `{hookwave}:dead-letters:${first?.id}`,
      "data",
      "{oops",
      "opts",
      "{oops",
      "timestamp",
      "noon",
    );

    expect((await storedLetters(hookwave)).map(({ id }) => id)).toEqual([first?.id, second?.id]);
    const { letter } = await hookwave.deadLetters.get(first?.id ?? "");
    expect(letter).toMatchObject({ kind: "job", text: "{oops", problem: "this version cannot read it" });
    await expect(hookwave.deadLetters.replay(first?.id ?? "")).rejects.toMatchObject({
      code: "EVENT_INVALID",
    });
    await hookwave.deadLetters.remove(first?.id ?? "");
    await admin.hset(`{hookwave}:dead-letters:${second?.id}`, "data", "null");
    expect(await hookwave.deadLetters.purge({}, 1)).toBe(1);
    expect((await hookwave.queueCounts()).dead.depth).toBe(0);
  });

  it("does not keep others from being found that came past the index", async () => {
    await bury(redis, [
      aLetter({ eventId: "evt_a", endpoint: "ep_1" }),
      aLetter({ eventId: "evt_b", endpoint: "ep_1" }),
    ]);
    const ids = await admin.zrange("{hookwave}:dead-letters:prioritized", 0, "-1");
    await admin.hset(`{hookwave}:dead-letters:${ids[0]}`, "data", "{oops", "opts", "{oops");
    await admin.del(keys.letters, keys.letterSummaries);
    await using hookwave = await startHookwave(redis, { role: "api" });

    await until("both are listed", async () => (await summaries(hookwave)).length === 2);
  });

  it.each(["wait", "meta", "prioritized", "events", "../..", "nobody's"])(
    "%s is the id of none",
    async (id) => {
      await using hookwave = await startHookwave(redis, { role: "api" });
      await bury(redis, [aLetter({ eventId: "evt_a", endpoint: "ep_1" })]);
      for (const act of [hookwave.deadLetters.get, hookwave.deadLetters.replay, hookwave.deadLetters.remove])
        await expect(act(id)).rejects.toMatchObject({ code: "DEAD_LETTER_UNKNOWN" });
      expect((await hookwave.queueCounts()).dead.depth).toBe(1);
    },
  );
});
