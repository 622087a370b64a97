/** The breakers that a fleet shares, as one process keeps them in mind: what it did itself is not undone by an older reading. */
import { expect, it } from "vitest";
import { asEndpointId } from "../../src/core/brand.ts";
import { createSharedBreakers, type SharedBreakers } from "../../src/store/breakers.ts";
import { createKeys } from "../../src/store/keys.ts";
import { connectRedis } from "../../src/store/redis.ts";
import { startRedis } from "../support/service.ts";

const id = asEndpointId("ep_1");
const UNTIL = 2_000_000_000_000;

async function start() {
  const server = await startRedis();
  const redis = connectRedis(server.url, "worker", () => undefined);
  const told: unknown[] = [];
  const breakers = createSharedBreakers(redis, createKeys("{hookwave}"), Date.now, (one) => told.push(one));
  return {
    redis,
    breakers,
    told,
    [Symbol.asyncDispose]: async () => {
      redis.disconnect();
      await server[Symbol.asyncDispose]();
    },
  };
}

it("keeps a breaker open that was opened while the fleet's truth was being read", async () => {
  await using fleet = await start();
  const { breakers, told } = fleet;
  const reading = breakers.refresh();
  const opening = breakers.open(id, UNTIL);
  await reading;
  expect(breakers.openUntil(id)).toBe(UNTIL);
  await opening;
  expect(told).toEqual([]);
});

it("keeps one closed that was closed meanwhile, and hears of it from others after that", async () => {
  await using fleet = await start();
  const { breakers, told } = fleet;
  await breakers.open(id, UNTIL);
  const reading = breakers.refresh();
  const closing = breakers.close(id);
  await reading;
  expect(breakers.openUntil(id)).toBeNull();
  await closing;
  await breakers.refresh();
  expect([breakers.openUntil(id), told]).toEqual([null, []]);
});

it("keeps one open whose opening is still on its way when the reading begins", async () => {
  await using fleet = await start();
  const { breakers, told } = fleet;
  // Redis has never seen the script: it is sent once more, after the reading.
  const opening = breakers.open(id, UNTIL);
  await breakers.refresh();
  expect([breakers.openUntil(id), told]).toEqual([UNTIL, []]);
  await opening;
});

it("forgets an origin a day after its last probe was due, and says that it is closed", async () => {
  await using fleet = await start();
  const { redis, breakers, told } = fleet;
  const due = Date.now() - 24 * 60 * 60 * 1_000 - 1_000;
  await redis.hset("{hookwave}:breakers", "https://gone.example", due, id, due);
  await breakers.refresh();
  expect(await redis.hkeys("{hookwave}:breakers")).toEqual([id]);
  expect(told).toEqual([
    { kind: "breaker.changed", endpointId: null, origin: "https://gone.example", state: "open" },
    { kind: "breaker.changed", endpointId: id, origin: null, state: "open" },
    { kind: "breaker.changed", endpointId: null, origin: "https://gone.example", state: "closed" },
  ]);
});

it.each<[string, (breakers: SharedBreakers) => Promise<unknown>]>([
  ["is opened", (breakers) => breakers.open(id, UNTIL)],
  ["is probed", (breakers) => breakers.leaseProbe(id, 60_000)],
  ["is closed", (breakers) => breakers.close(id)],
  ["is asked for", (breakers) => breakers.refresh()],
])("puts something else under the breakers' key into quarantine when one %s", async (_what, act) => {
  await using fleet = await start();
  const { redis, breakers, told } = fleet;
  await redis.set("{hookwave}:breakers", "not ours");
  await act(breakers);
  expect(await redis.get("{hookwave}:breakers:quarantined")).toBe("not ours");
  expect(told).toContainEqual(expect.objectContaining({ kind: "service.noticed" }));
  await breakers.open(id, UNTIL);
  expect(await redis.hkeys("{hookwave}:breakers")).toEqual([id]);
});
