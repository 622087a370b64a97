/** An event's id that is used again once its record has expired: the later event loses nothing to the earlier one. */
import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { asEndpointId, asEventId } from "../../src/core/brand.ts";
import type { Round } from "../../src/core/delivery.ts";
import type { StoredLetter } from "../../src/queue/dead-letters.ts";
import { deliveryJobIds, deliveryLetterIds, type Ids } from "../../src/queue/names.ts";
import { createKeys } from "../../src/store/keys.ts";
import { untilBooked, untilIdle, untilStatus } from "../support/deliveries.ts";
import { storedLetters, summaries } from "../support/letters.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis, type TestHookwave, type TestRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

const MINUTE_MS = 60_000;
const eventId = asEventId("evt_x");
const endpointId = asEndpointId("ep_1");
const DELIVERY_ID = "evt_x.ep_1";
const keys = createKeys("{hookwave}");

let redis: TestRedis;
let raw: Redis;
let deliveries: Queue;
let letters: Queue;
let receiver: Receiver;
let hookwave: TestHookwave;

beforeEach(async () => {
  redis = await startRedis();
  raw = new Redis(redis.url, { maxRetriesPerRequest: null });
  deliveries = new Queue("deliveries", { connection: raw, prefix: "{hookwave}" });
  letters = new Queue("dead-letters", { connection: raw, prefix: "{hookwave}" });
  receiver = await startReceiver((response) => response.writeHead(503).end());
  hookwave = await startHookwave(redis);
});

afterEach(async () => {
  await hookwave.close();
  await Promise.all([deliveries.close(), letters.close()]);
  raw.disconnect();
  await receiver[Symbol.asyncDispose]();
  await redis[Symbol.asyncDispose]();
});

async function publish(name: string): Promise<void> {
  await hookwave.publish({ id: eventId, type: "thing.made", data: { name } });
}

/** Publishes it where nothing is tried again; its POST, the `nth` of all, is refused and it becomes a letter. */
async function giveUp(name: string, nth: number): Promise<void> {
  await publish(name);
  await receiver.received(nth);
  await untilIdle(hookwave);
}

/** As when EVENT_RETENTION has passed. */
async function expire(): Promise<void> {
  await raw.del(keys.event(eventId));
}

const dataOf = ({ letter }: StoredLetter): string =>
  letter.kind === "delivery" ? letter.delivery.event.data : letter.problem;

const subscribe = (retrySchedule: readonly number[]): Promise<unknown> =>
  hookwave.endpoints.add({ id: endpointId, url: receiver.url, retrySchedule: [...retrySchedule] });

async function renameMember(set: string, [own, former]: Ids): Promise<void> {
  await raw.zadd(set, (await raw.zscore(set, own)) ?? 0, former);
  await raw.zrem(set, own);
}

/** Its only delivery's round, as it was stored. */
async function theRound(): Promise<Round> {
  const acceptedAt = Number(await raw.hget(keys.event(eventId), "accepted_at"));
  return { event: { id: eventId }, endpointId, acceptedAt, round: 0 };
}

/** As a version before this one would have stored its job. */
async function renameJob(): Promise<void> {
  const [own, , former] = deliveryJobIds(await theRound());
  await raw.rename(deliveries.toKey(own), deliveries.toKey(former));
  await renameMember(deliveries.toKey("delayed"), [own, former]);
}

/** As a version before this one would have stored its letter. */
async function renameLetter(): Promise<void> {
  const ids = deliveryLetterIds(await theRound());
  const [own, former] = ids;
  await raw.rename(letters.toKey(own), letters.toKey(former));
  const summary = (await raw.hget(keys.letterSummaries, own)) ?? "";
  await raw.hset(keys.letterSummaries, former, summary);
  await raw.hdel(keys.letterSummaries, own);
  for (const set of [letters.toKey("prioritized"), keys.letters, keys.lettersOf(endpointId)])
    await renameMember(set, ids);
}

describe("an event whose id was used before", () => {
  it("has a dead letter of its own beside the earlier event's, and goes with it when it is tried again", async () => {
    await subscribe([]);
    await giveUp("A", 1);
    await expire();
    await giveUp("B", 2);

    expect((await storedLetters(hookwave)).map(dataOf)).toEqual(['{"name":"B"}', '{"name":"A"}']);

    receiver.replies(200);
    await hookwave.deliveries.retry(DELIVERY_ID);
    await untilStatus(hookwave, DELIVERY_ID, "delivered");
    expect(String(receiver.requests[2]?.body)).toContain('"B"');
    expect((await storedLetters(hookwave)).map(dataOf)).toEqual(['{"name":"A"}']);
  });

  it("is tried again beside the earlier event, which waits still", async () => {
    await subscribe([MINUTE_MS]);
    await publish("A");
    await untilBooked(hookwave, DELIVERY_ID);
    await expire();
    await publish("B");
    await untilBooked(hookwave, DELIVERY_ID);
    expect(await deliveries.getDelayedCount()).toBe(2);
    const all = { eventId, endpointId: null, status: null, since: null, until: null };
    const { data } = await hookwave.deliveries.list(all, { after: null, limit: 10 });
    expect(data).toMatchObject([{ nextAttemptAt: expect.any(Number) }]);
  });
});

describe("an earlier event that is tried again", () => {
  it("settles nothing of the later one, nor the later one anything of it", async () => {
    await subscribe([MINUTE_MS]);
    await publish("A");
    await untilBooked(hookwave, DELIVERY_ID);
    const [waitsLonger] = await deliveries.getDelayed();
    await expire();
    await publish("B");
    await untilBooked(hookwave, DELIVERY_ID);

    receiver.replies(200);
    await waitsLonger?.promote();
    await receiver.received(3);
    await until(
      "A is done",
      async () => (await deliveries.getDelayedCount()) + (await deliveries.getActiveCount()) === 1,
    );
    const { state, nextAttemptAt } = await hookwave.deliveries.get(DELIVERY_ID);
    expect(state).toMatchObject({ status: "retrying", attempts: [{ status: 503 }] });
    expect(nextAttemptAt).not.toBeNull();

    await hookwave.deliveries.retry(DELIVERY_ID);
    await untilStatus(hookwave, DELIVERY_ID, "delivered");
    expect(receiver.requests.map(({ body }) => String(body).includes('"A"'))).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });

  it("is tried although the later one was delivered, and given up in a letter of its own", async () => {
    await subscribe([MINUTE_MS]);
    await publish("A");
    await untilBooked(hookwave, DELIVERY_ID);
    const [waitsLonger] = await deliveries.getDelayed();
    await expire();
    receiver.replies(200, 503);
    await publish("B");
    await untilStatus(hookwave, DELIVERY_ID, "delivered");

    await waitsLonger?.promote();
    await untilIdle(hookwave);
    expect((await storedLetters(hookwave)).map(dataOf)).toEqual(['{"name":"A"}']);
    expect((await hookwave.deliveries.get(DELIVERY_ID)).state.status).toBe("delivered");
  });
});

describe("what a version before this one has stored under an id of its own", () => {
  it("is shown as booked and is tried again when it is told to", async () => {
    await subscribe([MINUTE_MS]);
    await publish("A");
    const booked = await untilBooked(hookwave, DELIVERY_ID);
    await renameJob();
    expect((await hookwave.deliveries.get(DELIVERY_ID)).nextAttemptAt).toBe(booked);

    receiver.replies(200);
    await hookwave.deliveries.retry(DELIVERY_ID);
    await untilStatus(hookwave, DELIVERY_ID, "delivered");
    await untilIdle(hookwave);
    expect(receiver.requests).toHaveLength(2);
  });

  it("is taken out when it is cancelled", async () => {
    await subscribe([MINUTE_MS]);
    await publish("A");
    await untilBooked(hookwave, DELIVERY_ID);
    await renameJob();

    await hookwave.deliveries.cancel(DELIVERY_ID);
    expect(await deliveries.getDelayedCount()).toBe(0);
  });

  it("is a letter that goes with its delivery, unless it is an earlier event's", async () => {
    await subscribe([]);
    await giveUp("A", 1);
    await renameLetter();
    await expire();
    await giveUp("B", 2);
    const [ownLetter] = await summaries(hookwave);
    await hookwave.deadLetters.remove(ownLetter?.id ?? "");
    const [formerLetter] = await summaries(hookwave);
    const whole = await hookwave.deadLetters.get(formerLetter?.id ?? "");
    expect(dataOf(whole)).toBe('{"name":"A"}');

    receiver.replies(200);
    await hookwave.deliveries.retry(DELIVERY_ID);
    expect(String((await receiver.received(3))[2]?.body)).toContain('"B"');
    expect(await summaries(hookwave)).toEqual([formerLetter]);
  });

  it("is a letter that is replayed when its delivery is tried again", async () => {
    await subscribe([]);
    await giveUp("A", 1);
    await renameLetter();

    receiver.replies(200);
    await hookwave.deliveries.retry(DELIVERY_ID);
    await untilStatus(hookwave, DELIVERY_ID, "delivered");
    expect(await summaries(hookwave)).toEqual([]);
  });
});
