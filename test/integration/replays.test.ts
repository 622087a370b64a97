/** Replays of many dead letters: their pace, how they are steered, and that a kill -9 loses and repeats nothing. */
import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { asEndpointId } from "../../src/core/brand.ts";
import type { ReplayRequest } from "../../src/core/replay.ts";
import { freshDirectory, startCommand } from "../support/command.ts";
import { aLetter, bury, storedLetters, summaries } from "../support/letters.ts";
import { startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis, type TestHookwave, type TestRedis } from "../support/service.ts";
import { leastOf, until } from "../support/until.ts";

let redis: TestRedis;
let raw: Redis;
/** Delivers nothing and runs no replay: the operator's side. */
let management: TestHookwave;

beforeEach(async () => {
  redis = await startRedis();
  raw = new Redis(redis.url);
  management = await startHookwave(redis, { role: "api" });
});

afterEach(async () => {
  raw.disconnect();
  await management.close();
  await redis[Symbol.asyncDispose]();
});

const NOON = Date.parse("2026-01-31T12:00:00Z");

/** Letters of numbered events for one endpoint, a millisecond apart. */
const letters = (count: number, endpoint = "ep_1", type = "thing.made") =>
  Array.from({ length: count }, (_, n) =>
    aLetter({ eventId: `${type.split(".")[0]}_${n}`, endpoint, type, buriedAt: NOON + n }),
  );

const ids = (count: number) => Array.from({ length: count }, (_, n) => `thing_${n}`).toSorted();

const begin = (request: ReplayRequest = {}) => management.replays.begin(request);

const done = (id: string) =>
  until(
    "the replay is done",
    async () => {
      const replay = await management.replays.get(id);
      return replay.state === "done" && replay;
    },
    30_000,
  );

const leaseIsFree = (id: string) =>
  until("nobody works on it", async () => (await raw.exists(`{hookwave}:replay-lease:${id}`)) === 0);

describe("a replay", () => {
  it("sends what matches at the rate that was asked for, however many work, oldest first, and counts it", async () => {
    await using receiver = await startReceiver();
    await management.endpoints.add({ id: "ep_1", url: receiver.url, maxInFlight: 1 });
    await bury(redis, [...letters(30), ...letters(5, "ep_1", "job.done")]);
    await using _worker = await startHookwave(redis);
    await using _another = await startHookwave(redis);

    const begun = await begin({ filter: { type: "thing.*" }, ratePerSecond: 20 });
    expect(begun).toMatchObject({ state: "running", total: 30, replayed: 0, finishedAt: null });
    const replay = await done(begun.id);
    const requests = await receiver.received(30);

    expect(replay).toMatchObject({ total: 30, replayed: 30, skipped: 0, failed: 0, failures: [] });
    expect(receiver.ids().toSorted()).toEqual(ids(30));
    // In slices of four, of which the last need not be waited for.
    const spanMs = (requests.at(-1)?.at ?? 0) - (requests[0]?.at ?? 0);
    expect(spanMs).toBeGreaterThan(1_200);
    expect(receiver.ids().indexOf("thing_0")).toBeLessThan(receiver.ids().indexOf("thing_29"));
    expect(new Set((await summaries(management)).map(({ eventType }) => eventType))).toEqual(
      new Set(["job.done"]),
    );
  });

  it("does not send again what is given up again meanwhile", async () => {
    await using receiver = await startReceiver(500);
    await management.endpoints.add({ id: "ep_1", url: receiver.url, retrySchedule: [] });
    // Fewer failures than open a breaker.
    await bury(redis, letters(4));
    await using worker = await startHookwave(redis);

    const { id } = await begin({ ratePerSecond: 5 });
    const buried = () => worker.happenings.filter(({ kind }) => kind === "delivery.buried");
    await until("all are given up again", () => buried().length === 4);

    expect(await done(id)).toMatchObject({ total: 4, replayed: 4 });
    expect(receiver.ids().toSorted()).toEqual(ids(4));
    const rounds = (await storedLetters(management)).map(
      ({ letter }) => letter.kind === "delivery" && letter.delivery.round,
    );
    expect(rounds).toEqual([1, 1, 1, 1]);
  });

  it("keeps what cannot be sent again and what others took first apart from what it sent", async () => {
    await using receiver = await startReceiver();
    await management.endpoints.add({ id: "ep_1", url: receiver.url });
    const [taken = ""] = await bury(redis, letters(3));
    const job = { kind: "job", jobId: "7", addedAt: NOON, problem: "no event", because: "invalid" } as const;
    const [unreadable] = await bury(redis, [{ ...job, text: "[]", buriedAt: new Date(NOON).toISOString() }]);
    const queue = new Queue("dead-letters", { connection: raw, prefix: "{hookwave}" });
    await queue.remove(taken);
    await queue.close();

    const { id } = await begin();
    await using _worker = await startHookwave(redis);

    expect(await done(id)).toMatchObject({
      total: 4,
      replayed: 2,
      skipped: 1,
      failed: 1,
      failures: [{ id: unreadable, problem: expect.stringContaining("a dead letter that can be read") }],
    });
    expect((await summaries(management)).map((letter) => letter.id)).toEqual([unreadable]);
  });
});

describe("a running replay", () => {
  it("pauses within a second when another process says so, goes on when told, and ends when cancelled", async () => {
    await using receiver = await startReceiver();
    await management.endpoints.add({ id: "ep_1", url: receiver.url });
    await bury(redis, letters(60));
    await using _worker = await startHookwave(redis);
    const { id } = await begin({ ratePerSecond: 10 });
    await until("it runs", async () => (await management.replays.get(id)).replayed > 0);

    const pausedAfter = async (): Promise<number> => {
      await management.replays.order(id, "resume");
      await until("it is worked on", async () => (await raw.exists(`{hookwave}:replay-lease:${id}`)) === 1);
      const toldAt = performance.now();
      expect(await management.replays.order(id, "pause")).toMatchObject({ state: "paused" });
      await leaseIsFree(id);
      return performance.now() - toldAt;
    };
    expect(await leastOf(1_000, pausedAfter)).toBeLessThan(1_000);
    const paused = await management.replays.get(id);
    expect(await management.deadLetters.count({})).toBe(60 - paused.replayed);

    expect(await management.replays.order(id, "resume")).toMatchObject({ state: "running" });
    await until("it goes on", async () => (await management.replays.get(id)).replayed > paused.replayed);

    const cancelled = await management.replays.order(id, "cancel");
    expect(cancelled).toMatchObject({ state: "cancelled", finishedAt: expect.any(String) });
    await leaseIsFree(id);
    const { replayed, state } = await management.replays.get(id);
    expect(state).toBe("cancelled");
    expect(replayed).toBeLessThan(60);
    expect(await management.deadLetters.count({})).toBe(60 - replayed);
    expect(await raw.smembers("{hookwave}:open-replays")).toEqual([]);
  });

  it("is finished by another process when its own is killed with kill -9: each letter is sent exactly once", async () => {
    await using directory = await freshDirectory();
    await using receiver = await startReceiver();
    await management.endpoints.add({ id: "ep_1", url: receiver.url, maxInFlight: 50 });
    await bury(redis, letters(400));
    const variables = { HOOKWAVE_DATA_DIR: directory.path };
    const replayAll = ["dead-letters", "replay", "--all", "--rate", "200", "--redis", redis.url];
    await using doomed = startCommand(replayAll, variables);
    const id = await until("it has begun", async () => (await raw.smembers("{hookwave}:open-replays"))[0]);
    await until("it is in the middle", async () => (await management.replays.get(id)).replayed >= 120);

    doomed.signal("SIGKILL");
    await doomed.ended();
    const { replayed } = await management.replays.get(id);
    expect(replayed).toBeLessThan(400);
    await using _heir = await startHookwave(redis);

    const replay = await done(id);
    await receiver.received(400, 30_000);
    await until("nothing is left to do", async () => (await management.queueCounts()).retrying.depth === 0);
    expect(receiver.ids().toSorted()).toEqual(ids(400));
    expect(replay.replayed + replay.skipped).toBe(400);
    expect(await management.deadLetters.count({})).toBe(0);
  }, 90_000);

  it("counts as skipped what a process had sent of the slice it died in, and sends it no second time", async () => {
    await using receiver = await startReceiver();
    await management.endpoints.add({ id: "ep_1", url: receiver.url });
    await bury(redis, letters(3));
    const { id } = await begin();
    await management.replays.order(id, "pause");
    await raw.copy("{hookwave}:letters", "letters");
    await raw.copy("{hookwave}:letter-summaries", "summaries");
    for (const { id: letter } of await summaries(management)) await management.deadLetters.replay(letter);
    await using _worker = await startHookwave(redis);
    await receiver.received(3);

    // As a crash leaves it: what was sent is still in the index, and of the first the letter is there, too.
    await raw.copy("letters", "{hookwave}:letters", "REPLACE");
    await raw.copy("summaries", "{hookwave}:letter-summaries", "REPLACE");
    await bury(redis, letters(1));
    await management.replays.order(id, "resume");

    expect(await done(id)).toMatchObject({ total: 3, replayed: 1, skipped: 2 });
    await until("nothing is left to do", async () => (await management.queueCounts()).retrying.depth === 0);
    expect(receiver.ids().toSorted()).toEqual(ids(3));
    expect(await management.deadLetters.count({})).toBe(0);
  });
});

describe("a replay is refused", () => {
  it("at a rate that cannot be, or to an endpoint that is not there", async () => {
    for (const ratePerSecond of [0, 1.5, 10_001, Number.NaN])
      await expect(begin({ ratePerSecond })).rejects.toMatchObject({ code: "REPLAY_INVALID" });
    await expect(begin({ to: asEndpointId("nobody") })).rejects.toMatchObject({ code: "ENDPOINT_UNKNOWN" });
    expect(await raw.scard("{hookwave}:open-replays")).toBe(0);
  });

  it("when a hundred others are not over, and accepted again when one of them is", async () => {
    const [begun] = await Promise.all(Array.from({ length: 100 }, () => begin()));
    await expect(begin()).rejects.toMatchObject({ code: "REPLAY_INVALID" });
    await management.replays.order(begun?.id ?? "", "cancel");
    await expect(begin()).resolves.toMatchObject({ state: "running" });
  });

  it("every order once it is over, and any when nobody knows it", async () => {
    await using _worker = await startHookwave(redis);
    const { id } = await begin();
    await done(id);

    for (const order of ["pause", "resume", "cancel"] as const)
      await expect(management.replays.order(id, order)).rejects.toMatchObject({ code: "REPLAY_INVALID" });
    await expect(management.replays.get("rpl_none")).rejects.toMatchObject({ code: "REPLAY_UNKNOWN" });
    await expect(management.replays.order("rpl_none", "pause")).rejects.toMatchObject({
      code: "REPLAY_UNKNOWN",
    });
  });
});

describe("what is remembered of a replay", () => {
  it("expires, and is then looked for no more", async () => {
    const { id } = await begin();
    expect(await raw.pttl(`{hookwave}:replay:${id}`)).toBeGreaterThan(0);
    await raw.del(`{hookwave}:replay:${id}`);

    await using _worker = await startHookwave(redis);

    await until("it is forgotten", async () => (await raw.scard("{hookwave}:open-replays")) === 0);
  });

  it("can be changed when Redis is out of memory", async () => {
    const { id } = await begin();
    await raw.config("SET", "maxmemory", "1");
    await management.replays.order(id, "cancel");
    expect(await management.replays.get(id)).toMatchObject({ state: "cancelled" });
  });
});

describe("the letter of a job", () => {
  it("becomes one job, also where it is replayed twice before it is gone", async () => {
    const event = { id: "evt_1", type: "thing.made", timestamp: "2026-01-31T12:00:00Z", data: {} };
    await bury(redis, [
      {
        kind: "job",
        jobId: "7",
        addedAt: NOON,
        text: JSON.stringify({ v: 1, events: [event] }),
        problem: "it crashed its workers",
        because: "poison",
        buriedAt: "2026-01-31T12:00:00.000Z",
      },
    ]);
    const [{ id } = { id: "" }] = await summaries(management);

    await Promise.all([management.deadLetters.replay(id), management.deadLetters.replay(id)]);

    const queue = new Queue("events", { connection: { url: redis.url }, prefix: "{hookwave}" });
    expect(await queue.getWaitingCount()).toBe(1);
    expect(await summaries(management)).toEqual([]);
    await queue.close();
  });
});
