/** What was accepted is owed to whoever had subscribed then: also to one that is disabled before it can be sent. */
import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { asEndpointId, type EndpointId } from "../../src/core/brand.ts";
import { storedLetters, summaries } from "../support/letters.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis, type TestHookwave, type TestRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

const EVENT = { type: "thing.made", data: {} };

let redis: TestRedis;
let raw: Redis;
let events: Queue;
let receiver: Receiver;
let management: TestHookwave;
let endpointId: EndpointId;

beforeEach(async () => {
  redis = await startRedis();
  raw = new Redis(redis.url, { maxRetriesPerRequest: null });
  events = new Queue("events", { connection: raw, prefix: "{hookwave}" });
  receiver = await startReceiver();
  management = await startHookwave(redis, { role: "api" });
  endpointId = asEndpointId((await management.endpoints.add({ url: receiver.url })).id);
});

afterEach(async () => {
  await management.close();
  await events.close();
  raw.disconnect();
  await receiver[Symbol.asyncDispose]();
  await redis[Symbol.asyncDispose]();
});

const dispatched = (): Promise<unknown> =>
  until("all is dispatched", async () => (await management.queueCounts()).new.depth === 0);

const MINUTE_MS = 60_000;

/** A job of a minute ago, as it is left after so many crashes of the worker that had it. */
async function addCrashedJob(ids: readonly string[], crashes: number): Promise<number> {
  const timestamp = Date.now() - MINUTE_MS;
  const job = await events.add(
    "any",
    ids.map((id) => ({ id, ...EVENT })),
    { timestamp },
  );
  await raw.hset(`{hookwave}:events:${job.id}`, "stc", crashes);
  return timestamp;
}

/** Half a minute ago: by no clock after now, and by none before what was accepted a minute ago. */
async function disableBefore(): Promise<void> {
  await management.endpoints.disable(endpointId, "moving house");
  const record: object = JSON.parse((await raw.hget("{hookwave}:endpoints", endpointId)) ?? "{}");
  const disabledAt = new Date(Date.now() - MINUTE_MS / 2).toISOString();
  await raw.hset("{hookwave}:endpoints", endpointId, JSON.stringify({ ...record, disabledAt }));
}

describe("an endpoint that is disabled while events wait for a worker", () => {
  it("finds what had been accepted before among the dead letters, and nothing that came after", async () => {
    const before = await management.publish(EVENT);
    await management.endpoints.disable(endpointId, "moving house");
    await events.add("any", { id: "evt_after", ...EVENT }, { timestamp: Date.now() + 5_000 });

    await using _worker = await startHookwave(redis, { role: "worker" });
    await dispatched();

    const [letter, ...more] = await summaries(management);
    expect(letter).toMatchObject({
      eventId: before.id,
      endpointId,
      because: "endpoint_disabled",
      attempts: 0,
    });
    expect(more).toEqual([]);
    expect(receiver.ids()).toEqual([]);

    await management.endpoints.enable(endpointId);
    await management.deadLetters.replay(letter?.id ?? "");
    await receiver.received(1);
    expect(receiver.ids()).toEqual([before.id]);
  });

  it("finds what was accepted by a clock 3 s ahead, too", async () => {
    await events.add("any", { id: "evt_ahead", ...EVENT }, { timestamp: Date.now() + 3_000 });
    await management.endpoints.disable(endpointId, "moving house");

    await using _worker = await startHookwave(redis, { role: "worker" });
    await dispatched();
    expect(await summaries(management)).toMatchObject([
      { eventId: "evt_ahead", because: "endpoint_disabled" },
    ]);
  });

  it("finds each event of a job that is split after that, with the time it was accepted", async () => {
    const acceptedAt = await addCrashedJob(["evt_1", "evt_2"], 2);
    await disableBefore();

    await using _worker = await startHookwave(redis, { role: "worker" });
    await dispatched();
    const letters = await storedLetters(management);
    expect(letters).toMatchObject(letters.map(() => ({ letter: { delivery: { acceptedAt } } })));
    const owed = (await summaries(management)).map(({ eventId, because }) => `${eventId} ${because}`);
    expect(owed.toSorted()).toEqual(["evt_1 endpoint_disabled", "evt_2 endpoint_disabled"]);
  });

  it("finds what is replayed after that of a job that crashed its workers", async () => {
    await addCrashedJob(["evt_1"], 8);
    {
      await using _worker = await startHookwave(redis, { role: "worker" });
      await until(
        "it is buried",
        async () => (await summaries(management, { reason: "poison" })).length === 1,
      );
    }
    await disableBefore();
    const [poison] = await summaries(management);
    await management.deadLetters.replay(poison?.id ?? "");

    await using _worker = await startHookwave(redis, { role: "worker" });
    await dispatched();
    expect(await summaries(management)).toMatchObject([{ eventId: "evt_1", because: "endpoint_disabled" }]);
  });
});
