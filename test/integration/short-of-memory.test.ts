/** A Redis that is out of memory: whatever makes room again must be possible, or it would stay so. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { asEndpointId, asEventId } from "../../src/core/brand.ts";
import { createSharedBreakers } from "../../src/store/breakers.ts";
import { createKeys } from "../../src/store/keys.ts";
import { connectRedis, type Redis } from "../../src/store/redis.ts";
import { createShelf } from "../../src/store/shelf.ts";
import { untilBooked } from "../support/deliveries.ts";
import { startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis, type TestRedis } from "../support/service.ts";

const keys = createKeys("{hookwave}");
const id = asEndpointId("ep_1");

let server: TestRedis;
let redis: Redis;

beforeAll(async () => {
  server = await startRedis();
  redis = connectRedis(server.url, "worker", () => undefined);
});

afterAll(async () => {
  redis.disconnect();
  await server[Symbol.asyncDispose]();
});

async function outOfMemory(work: () => Promise<void>): Promise<void> {
  await redis.config("SET", "maxmemory", "1");
  await work().finally(() => redis.config("SET", "maxmemory", "0"));
}

it("lets a breaker open, be probed by one worker, and close", async () => {
  const breakers = createSharedBreakers(redis, keys, Date.now, () => undefined);
  await outOfMemory(async () => {
    await breakers.open(id, 1_000);
    expect(await breakers.leaseProbe(id, 60_000)).toBe(true);
    expect(await breakers.leaseProbe(id, 60_000)).toBe(false);
    await breakers.close(id);
  });
  expect(await redis.exists(keys.breakers, keys.probe(id))).toBe(0);
});

it("lets events go from a shelf", async () => {
  const shelf = createShelf(redis, keys, "late");
  const event = { id: asEventId("evt_1"), type: "a.b", timestamp: "2026-01-01T00:00:00Z", data: "{}" };
  await shelf.add([{ event, holder: "1", acceptedAt: 1 }], () => 1);
  await outOfMemory(() => shelf.remove([event.id]));
  expect(await shelf.count()).toBe(0);
});

it("lets a person cancel a delivery and disable an endpoint, and refuses what only changes one", async () => {
  await using receiver = await startReceiver(503);
  await using hookwave = await startHookwave(server);
  const { endpoints, deliveries } = hookwave;
  await endpoints.add({ id, url: receiver.url, retrySchedule: [60_000] });
  await hookwave.publish({ id: "evt_1", type: "thing.made", data: {} });
  await untilBooked(hookwave, `evt_1.${id}`);

  await outOfMemory(async () => {
    await expect(endpoints.amend(id, { description: "x".repeat(100) })).rejects.toThrow("OOM");
    await deliveries.cancel(`evt_1.${id}`);
    await endpoints.disable(id, "for now");
  });

  expect((await deliveries.get(`evt_1.${id}`)).state.status).toBe("cancelled");
  expect(await endpoints.get(id)).toMatchObject({ isActive: false, disabledBecause: "for now" });
  const { data } = await hookwave.audit.list({}, { after: null, limit: 2 });
  expect(data.map(({ action }) => action)).toEqual(["endpoint.disabled", "delivery.cancelled"]);
});
