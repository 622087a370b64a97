/** A retry that comes out of a line, while the job that had parked its delivery is still in work. */
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { asEndpointId, asEventId } from "../../src/core/brand.ts";
import type { Delivery } from "../../src/core/delivery.ts";
import { readVersionedDelivery, versionedDelivery } from "../../src/core/stored.ts";
import { deliveryJobIds } from "../../src/queue/names.ts";
import { openQueues, type Queues } from "../../src/queue/queues.ts";
import { createWaitingJobs, type WaitingJobs } from "../../src/queue/waiting-jobs.ts";
import { createKeys } from "../../src/store/keys.ts";
import { createParkedRounds } from "../../src/store/parked-rounds.ts";
import { connectRedis, type Redis } from "../../src/store/redis.ts";
import { untilBooked } from "../support/deliveries.ts";
import { outboxOf } from "../support/letters.ts";
import { startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis, type TestRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

const keys = createKeys("{hookwave}");
const MINUTE_MS = 60_000;
const delivery: Delivery = {
  event: { id: asEventId("evt_1"), type: "a.b", timestamp: "2026-01-01T00:00:00Z", data: "{}" },
  endpointId: asEndpointId("ep_1"),
  acceptedAt: 1,
  attempts: [],
  round: 0,
  heldSince: null,
};
const [own, other, former] = deliveryJobIds(delivery);

let server: TestRedis;
let redis: Redis;
let queues: Queues;
let waiting: WaitingJobs;

beforeAll(async () => {
  server = await startRedis();
  redis = connectRedis(server.url, "watcher", () => undefined);
  queues = openQueues(redis, "{hookwave}", () => undefined);
  waiting = createWaitingJobs(queues, redis, createParkedRounds(redis, keys));
});
beforeEach(() => redis.flushall());
afterAll(async () => {
  await queues.close();
  redis.disconnect();
  await server[Symbol.asyncDispose]();
});

it("is not swallowed by that job, and is found, brought forward and withdrawn like any other", async () => {
  const { schedule, scheduleFromLine } = outboxOf(redis, queues);
  await schedule(delivery, MINUTE_MS);
  // Twice does it once, as after a crash.
  await scheduleFromLine(delivery, MINUTE_MS);
  expect(await queues.deliveries.getDelayedCount()).toBe(1);

  // As a worker takes it.
  await redis.zrem(queues.deliveries.toKey("delayed"), own);
  await redis.lpush(queues.deliveries.toKey("active"), own);
  await scheduleFromLine(delivery, MINUTE_MS);
  expect((await queues.deliveries.getDelayed()).map(({ id }) => id)).toEqual([other]);
  const [bookedFor] = await waiting.bookedFor([delivery]);
  expect(bookedFor).toBeGreaterThan(Date.now());
  expect(await waiting.bringForward(delivery)).toBe(true);
  expect(await waiting.bookedFor([delivery])).toEqual([null]);
  await waiting.withdraw(delivery);
  expect(await queues.deliveries.getJob(other)).toBeUndefined();
});

it.each([
  ["the job from its line", other],
  ["a job that a version before gave it", former],
])(
  "is brought forward once, and gets no second job while it waits for a worker or is in work: %s",
  async (_, jobId) => {
    await queues.deliveries.add("a.b", versionedDelivery(delivery), { jobId, delay: MINUTE_MS });

    expect(await waiting.bringForward(delivery)).toBe(true);
    expect(await waiting.bringForward(delivery)).toBe(true);
    await redis.rpoplpush(queues.deliveries.toKey("wait"), queues.deliveries.toKey("active"));
    expect(await waiting.bringForward(delivery)).toBe(true);

    await queues.deliveries.remove(jobId);
    expect(await waiting.bringForward(delivery)).toBe(false);
  },
);

it("is not made beside the first job, which is there again after a crash", async () => {
  await using receiver = await startReceiver(503);
  await using hookwave = await startHookwave(server);
  await hookwave.endpoints.add({ id: "ep_1", url: receiver.url, retrySchedule: [MINUTE_MS, MINUTE_MS] });
  await hookwave.publish({ id: "evt_1", type: "a.b", data: {} });
  await untilBooked(hookwave, "evt_1.ep_1");
  const [first] = await queues.deliveries.getDelayed();
  const read = readVersionedDelivery(JSON.stringify(first?.data));
  if (read.kind !== "delivery") throw new Error("expected a delivery's job");
  const [, second] = deliveryJobIds(read.delivery);
  await queues.deliveries.add("a.b", versionedDelivery(read.delivery), { jobId: second, delay: MINUTE_MS });

  await queues.deliveries.promoteJobs();

  await until("the second job is gone", async () => (await queues.deliveries.getJob(second)) === undefined);
  await until("the first waits again", async () => (await queues.deliveries.getDelayedCount()) === 1);
  expect(receiver.requests).toHaveLength(2);
});
