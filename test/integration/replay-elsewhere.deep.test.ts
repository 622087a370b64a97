/** Replays to another endpoint than the one that owes: each event goes there once, also after a crash. */
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { asEndpointId, asEventId } from "../../src/core/brand.ts";
import { stateField, stateText } from "../../src/store/event-record.ts";
import { createKeys } from "../../src/store/keys.ts";
import { aLetter, bury } from "../support/letters.ts";
import { startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis, type TestHookwave, type TestRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

let redis: TestRedis;
let raw: Redis;
let hookwave: TestHookwave;

beforeEach(async () => {
  redis = await startRedis();
  raw = new Redis(redis.url);
  hookwave = await startHookwave(redis);
});

afterEach(async () => {
  raw.disconnect();
  await hookwave.close();
  await redis[Symbol.asyncDispose]();
});

/** One time for all: an event is accepted once, whoever it is owed to. */
const BURIED_AT = Date.now() - 1_000;

const letters = (count: number, endpoint: string) =>
  Array.from({ length: count }, (_, n) => aLetter({ eventId: `evt_${n}`, endpoint, buriedAt: BURIED_AT }));

const TO_OTHER = { to: asEndpointId("other") };

const isDone = async (id: string) => {
  const replay = await hookwave.replays.get(id);
  return replay.state === "done" && replay;
};

/** Resolves with the replay, once all it has sent is settled. */
async function settled(id: string) {
  const replay = await until("the replay is done", () => isDone(id));
  await until("nothing is left to do", async () => (await hookwave.queueCounts()).retrying.depth === 0);
  return replay;
}

describe("a replay to another endpoint", () => {
  it("sends each event there once, whoever it was owed to, and nothing to the others", async () => {
    await using first = await startReceiver();
    await using other = await startReceiver();
    await hookwave.endpoints.add({ id: "ep_1", url: first.url });
    await hookwave.endpoints.add({ id: "ep_2", url: first.url });
    await hookwave.endpoints.add({ id: "other", url: other.url, events: ["nothing.else"] });
    await bury(redis, [...letters(4, "ep_1"), ...letters(3, "ep_2")]);

    const { id } = await hookwave.replays.begin(TO_OTHER);

    expect(await settled(id)).toMatchObject({ total: 7, replayed: 7 });
    await other.received(4);
    expect(other.ids().toSorted()).toEqual(["evt_0", "evt_1", "evt_2", "evt_3"]);
    expect(first.ids()).toEqual([]);
    expect(await hookwave.deadLetters.count({})).toBe(0);
  });

  it("sends an event again that had been there before, but not twice because of a crash", async () => {
    await using other = await startReceiver();
    await hookwave.endpoints.add({ id: "other", url: other.url });
    await hookwave.publish({ id: "evt_0", type: "thing.made", data: {} });
    await other.received(1);
    await until("it is recorded", async () => (await hookwave.queueCounts()).new.depth === 0);
    const acceptedAt = Number(
      await raw.hget(createKeys("{hookwave}").event(asEventId("evt_0")), "accepted_at"),
    );
    const sameLetter = letters(1, "ep_1").map((letter) => ({
      ...letter,
      delivery: { ...letter.delivery, acceptedAt },
    }));
    await bury(redis, sameLetter);

    const { id } = await hookwave.replays.begin(TO_OTHER);
    await settled(id);
    await other.received(2);

    // As if the process had died between storing the new round and taking the letter away.
    await bury(redis, sameLetter);
    await raw.hset(`{hookwave}:replay:${id}`, "state", "running", "cursor", "", "finishedAt", "");
    await raw.sadd("{hookwave}:open-replays", id);
    await settled(id);

    expect(other.ids()).toEqual(["evt_0", "evt_0"]);
    expect(await hookwave.deadLetters.count({})).toBe(0);
  });

  it("sends an event whose delivery there had been cancelled before anything was tried", async () => {
    await using other = await startReceiver();
    await hookwave.endpoints.add({ id: "other", url: other.url });
    const none = { attempts: [], nextAttemptAt: null, because: null };
    const cancelled = stateText({ round: 0, status: "cancelled", ...none });
    await raw.hset(createKeys("{hookwave}").event(asEventId("evt_0")), stateField(TO_OTHER.to), cancelled);
    await bury(redis, letters(1, "ep_1"));

    await settled((await hookwave.replays.begin(TO_OTHER)).id);

    await other.received(1);
    expect(other.ids()).toEqual(["evt_0"]);
  });

  it("leaves an events job where it is, because it is owed to nobody yet", async () => {
    await hookwave.endpoints.add({ id: "other", url: "http://127.0.0.1:8080/" });
    const text = JSON.stringify({ type: "thing.made", data: {} });
    const job = { kind: "job", jobId: "7", addedAt: 1, text, problem: "in work at 8 crashes" } as const;
    await bury(redis, [{ ...job, because: "poison", buriedAt: "2026-01-31T12:00:00.000Z" }]);

    const { id } = await hookwave.replays.begin(TO_OTHER);

    expect(await settled(id)).toMatchObject({ replayed: 0, failed: 1 });
    expect(await hookwave.deadLetters.count({})).toBe(1);
  });
});
