/** Deliveries as people see them, and what they may do to one: try it now, end it. */
import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { untilBooked, untilIdle, untilStatus } from "../support/deliveries.ts";
import { type Answer, startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis, type TestHookwave } from "../support/service.ts";
import { until } from "../support/until.ts";

const MINUTE_MS = 60_000;

const refuses: Answer = (response) => response.writeHead(503).end("out of paper");

/** Answers each request when it is told to. */
function answersLater() {
  const open: ((status: number) => void)[] = [];
  const answer: Answer = (response) => open.push((status) => response.writeHead(status).end());
  return { answer, open };
}

async function publishTo(hookwave: TestHookwave, id: string, endpointId: string): Promise<string> {
  await hookwave.publish({ id, type: "thing.made", data: {} });
  return `${id}.${endpointId}`;
}

describe("a delivery that failed", () => {
  it("shows what the receiver said, and when it is tried again", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver(refuses);
    await using hookwave = await startHookwave(redis);
    await hookwave.endpoints.add({ id: "one", url: receiver.url, retrySchedule: [MINUTE_MS] });
    const before = Date.now();
    const id = await publishTo(hookwave, "evt_1", "one");

    const delivery = await untilStatus(hookwave, id, "retrying");

    expect(delivery).toMatchObject({ id, event: { id: "evt_1", type: "thing.made" }, endpointId: "one" });
    expect(delivery.createdAt).toBeGreaterThan(before - 1_000);
    expect(delivery.attempts).toEqual([
      {
        attemptNumber: 1,
        startedAt: expect.stringMatching(/^20/),
        durationMs: expect.any(Number),
        outcome: "refused",
        status: 503,
        reason: null,
        responseExcerpt: "out of paper",
      },
    ]);
    const booked = await untilBooked(hookwave, id);
    expect(booked - before).toBeGreaterThan(0.9 * MINUTE_MS);
    expect(booked - before).toBeLessThan(1.1 * MINUTE_MS + 5_000);
  });

  it("is tried at once when it is told to, also where that is told twice", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver(refuses, 200);
    await using hookwave = await startHookwave(redis);
    await hookwave.endpoints.add({ id: "one", url: receiver.url, retrySchedule: [MINUTE_MS] });
    const id = await publishTo(hookwave, "evt_1", "one");
    await untilBooked(hookwave, id);

    await Promise.all([hookwave.deliveries.retry(id), hookwave.deliveries.retry(id)]);

    const delivery = await untilStatus(hookwave, id, "delivered");
    expect(delivery.attempts.map(({ status, responseExcerpt }) => [status, responseExcerpt])).toEqual([
      [503, "out of paper"],
      [200, null],
    ]);
    expect(delivery.nextAttemptAt).toBeNull();
    await untilIdle(hookwave);
    expect(receiver.requests).toHaveLength(2);
    await expect(hookwave.deliveries.retry(id)).rejects.toMatchObject({
      code: "DELIVERY_SETTLED",
      message: expect.stringMatching(/delivered; .*replay/),
    });
  });

  it("is tried also where its job was lost", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver(refuses, 200);
    await using hookwave = await startHookwave(redis);
    await hookwave.endpoints.add({ id: "one", url: receiver.url, retrySchedule: [MINUTE_MS] });
    const id = await publishTo(hookwave, "evt_1", "one");
    await untilBooked(hookwave, id);
    const connection = new Redis(redis.url);
    await connection.del("{hookwave}:deliveries:delayed", ...(await connection.keys("*:deliveries:d_*")));
    connection.disconnect();

    await hookwave.deliveries.retry(id);

    expect((await untilStatus(hookwave, id, "delivered")).attempts).toHaveLength(2);
  });

  it("is not tried again once it is cancelled", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver(refuses);
    await using hookwave = await startHookwave(redis);
    await hookwave.endpoints.add({ id: "one", url: receiver.url, retrySchedule: [MINUTE_MS] });
    const id = await publishTo(hookwave, "evt_1", "one");
    await untilBooked(hookwave, id);

    await hookwave.deliveries.cancel(id);

    expect(await hookwave.deliveries.get(id)).toMatchObject({
      state: { status: "cancelled", attempts: [{ status: 503 }] },
      nextAttemptAt: null,
    });
    await untilIdle(hookwave);
    expect((await hookwave.health()).data).toMatchObject([{ id: "one", waiting: 0 }]);
    for (const again of [hookwave.deliveries.cancel, hookwave.deliveries.retry])
      await expect(again(id)).rejects.toMatchObject({ code: "DELIVERY_SETTLED" });
    expect(receiver.requests).toHaveLength(1);
  });

  it.each([
    [503, "cancelled"],
    [200, "delivered"],
  ])(
    "cancelled while an attempt is on the wire that ends with %i: it is %s, and nothing follows",
    async (status, expected) => {
      await using redis = await startRedis();
      const { answer, open } = answersLater();
      await using receiver = await startReceiver(refuses, answer);
      await using hookwave = await startHookwave(redis);
      await hookwave.endpoints.add({ id: "one", url: receiver.url, retrySchedule: [10] });
      const id = await publishTo(hookwave, "evt_1", "one");
      await receiver.received(2);

      await hookwave.deliveries.cancel(id);
      open[0]?.(status);

      await untilIdle(hookwave);
      expect((await hookwave.deliveries.get(id)).state.status).toBe(expected);
      expect((await hookwave.queueCounts()).dead.depth).toBe(0);
      expect((await hookwave.health()).data).toMatchObject([{ waiting: 0 }]);
      expect(receiver.requests).toHaveLength(2);
    },
  );
});

describe("a delivery that waits without an attempt", () => {
  it("is held, and can be cancelled; nothing of it was sent", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver(503);
    await using hookwave = await startHookwave(redis, {
      breakerFailureThreshold: 1,
      breakerRecoveryMs: MINUTE_MS,
    });
    await hookwave.endpoints.add({ id: "one", url: receiver.url, retrySchedule: [] });
    await publishTo(hookwave, "evt_1", "one");
    await until("the breaker is open", async () => (await hookwave.health()).data[0]?.breaker === "open");
    const id = await publishTo(hookwave, "evt_2", "one");

    const held = await untilStatus(hookwave, id, "held");
    expect(held).toMatchObject({ attempts: [], state: { round: 0 } });
    const booked = await untilBooked(hookwave, id);
    expect(booked).toBeGreaterThan(Date.now() + MINUTE_MS / 2);

    await hookwave.deliveries.retry(id);
    await untilBooked(hookwave, id);
    expect((await hookwave.deliveries.get(id)).state.status).toBe("held");

    await hookwave.deliveries.cancel(id);
    await untilIdle(hookwave);
    expect((await hookwave.deliveries.get(id)).state.status).toBe("cancelled");
    expect(receiver.requests).toHaveLength(1);
  });
});

describe("a delivery that was given up", () => {
  it("says so, also where no attempt led to it", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver(503);
    await using hookwave = await startHookwave(redis);
    await hookwave.endpoints.add({ id: "one", url: receiver.url, retrySchedule: [MINUTE_MS] });
    const id = await publishTo(hookwave, "evt_1", "one");
    await untilStatus(hookwave, id, "retrying");

    await hookwave.endpoints.remove("one");
    await until("its job is there", async () => (await hookwave.queueCounts()).retrying.depth === 1);
    await hookwave.deliveries.retry(id);

    const buried = await untilStatus(hookwave, id, "buried");
    expect(buried.state).toMatchObject({ because: "endpoint_missing", attempts: [{ status: 503 }] });
    await expect(hookwave.deliveries.cancel(id)).rejects.toMatchObject({ code: "DELIVERY_SETTLED" });
  });

  it("begins a new round when it is retried, and its dead letter goes with it", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver(503);
    await using hookwave = await startHookwave(redis);
    await hookwave.endpoints.add({ id: "one", url: receiver.url, retrySchedule: [] });
    const id = await publishTo(hookwave, "evt_1", "one");
    await until("its letter is there", async () => (await hookwave.queueCounts()).dead.depth === 1);
    receiver.replies(200);

    await hookwave.deliveries.retry(id);

    const delivery = await untilStatus(hookwave, id, "delivered");
    expect(delivery).toMatchObject({ state: { round: 1 }, attempts: [{ attemptNumber: 1, status: 200 }] });
    expect((await hookwave.queueCounts()).dead.depth).toBe(0);
    expect(receiver.ids()).toEqual(["evt_1", "evt_1"]);
  });

  it("can be retried although its dead letter has been removed", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver(503);
    await using hookwave = await startHookwave(redis);
    await hookwave.endpoints.add({ id: "one", url: receiver.url, retrySchedule: [] });
    const id = await publishTo(hookwave, "evt_1", "one");
    await until("its letter is there", async () => (await hookwave.queueCounts()).dead.depth === 1);
    await hookwave.deadLetters.purge({}, 1);
    receiver.replies(200);

    await hookwave.deliveries.retry(id);

    await untilStatus(hookwave, id, "delivered");
  });
});
