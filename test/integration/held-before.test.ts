/** A rolling upgrade from the version that held deliveries in jobs of their own: none is lost, none comes twice. */
import { expect, it } from "vitest";
import { asEndpointId, asEventId } from "../../src/core/brand.ts";
import type { Delivery } from "../../src/core/delivery.ts";
import { openQueues } from "../../src/queue/queues.ts";
import { connectRedis } from "../../src/store/redis.ts";
import { untilIdle } from "../support/deliveries.ts";
import { IS_DEEP } from "../support/depth.ts";
import { outboxOf } from "../support/letters.ts";
import { startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

const HELD = IS_DEEP ? 10_000 : 200;
const WITHIN_MS = 150_000;

/** As the version before wrote them: a job each, booked for when its endpoint was to have room. */
async function holdAsBefore(redisUrl: string): Promise<void> {
  const redis = connectRedis(redisUrl, "watcher", () => undefined);
  const queues = openQueues(redis, "{hookwave}", () => undefined);
  const { schedule } = outboxOf(redis, queues);
  const now = Date.now();
  const held = (n: number): Delivery => ({
    event: { id: asEventId(`evt_${n}`), type: "a.b", timestamp: new Date(now).toISOString(), data: "{}" },
    endpointId: asEndpointId("narrow"),
    acceptedAt: now,
    attempts: [],
    round: 0,
    heldSince: now,
  });
  await Promise.all(Array.from({ length: HELD }, (_, n) => schedule(held(n), n % 2_000)));
  await queues.close();
  redis.disconnect();
}

it("delivers each of thousands that are held in jobs once, by way of their endpoint's line", async () => {
  await using redis = await startRedis();
  await using receiver = await startReceiver();
  await using hookwave = await startHookwave(redis);
  await hookwave.endpoints.add({ id: "narrow", url: receiver.url, maxInFlight: 2 });
  await holdAsBefore(redis.url);
  await until("all have come", () => receiver.ids().length >= HELD, WITHIN_MS);
  await untilIdle(hookwave);
  expect(receiver.ids().toSorted()).toEqual(Array.from({ length: HELD }, (_, n) => `evt_${n}`).toSorted());
  expect(hookwave.happenings.some((one) => one.kind === "delivery.held")).toBe(true);
  expect((await hookwave.queueCounts()).retrying.depth).toBe(0);
}, 180_000);
