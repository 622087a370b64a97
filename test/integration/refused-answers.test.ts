/** What Redis refuses within a pipeline is its own word to whoever reads or writes there, and no fault of an answer's shape. */
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { asEndpointId, asEventId } from "../../src/core/brand.ts";
import { createCallbacks } from "../../src/store/callbacks.ts";
import { createEventLedger } from "../../src/store/event-ledger.ts";
import { createKeys } from "../../src/store/keys.ts";
import { createMigrationCounter } from "../../src/store/migration-counts.ts";
import { createMinuteCounters } from "../../src/store/minute-counts.ts";
import { createParkedRounds } from "../../src/store/parked-rounds.ts";
import { connectRedis } from "../../src/store/redis.ts";
import { startRedis } from "../support/service.ts";

const keys = createKeys("{hookwave}");
const REFUSED = ["hmget", "hgetall", "hincrby", "zcard", "zcount", "zscore"].map((name) => `-${name}`);
const settings = {
  retentionMs: 60_000,
  bounds: { refused: 1, kept: 1, keptBytes: 1 },
  now: () => 0,
};
const id = asEndpointId("ep_1");
const delivery = { event: { id: asEventId("evt_1") }, endpointId: id, acceptedAt: 0, round: 1 };

const stack = new AsyncDisposableStack();
let redis: Redis;
beforeAll(async () => {
  const server = stack.use(await startRedis("--appendonly", "yes"));
  const admin = new Redis(server.url);
  stack.defer(() => admin.disconnect());
  await admin.call("ACL", "SETUSER", "half", "on", ">hush", "~*", "&*", "+@all", ...REFUSED);
  await admin.zadd(keys.parking.due, 1, id);
  await admin.zadd(`${keys.inbox}:all`, 1, "cb_1");
  redis = connectRedis(server.url.replace("redis://", "redis://half:hush@"), "worker", () => undefined);
  stack.defer(() => redis.disconnect());
});
afterAll(() => stack.disposeAsync());

describe("a command that is refused among others", () => {
  it.each<[string, () => Promise<unknown>]>([
    [
      "states of deliveries",
      () => createEventLedger(redis, keys, 60_000, () => undefined).statesOf([delivery]),
    ],
    ["when a line is due", () => createParkedRounds(redis, keys).dueAt([delivery])],
    ["how many are parked", () => createParkedRounds(redis, keys).count()],
    ["statistics of minutes", () => createMinuteCounters(redis, keys)(["2026-01-01T00:00"])],
    ["how many callbacks there are", () => createCallbacks(redis, keys, settings).count([])],
    [
      "a page of callbacks",
      () => createCallbacks(redis, keys, settings).page({}, "newest", { after: null, limit: 1 }),
    ],
    [
      "counts of the migration, which are written",
      async () => {
        const counter = createMigrationCounter(
          redis,
          keys,
          () => 0,
          () => undefined,
        );
        counter.count({ dispatched: 1 });
        await counter.flush();
      },
    ],
  ])("says so: %s", async (_, work) => {
    await expect(work()).rejects.toMatchObject({
      code: "REDIS_UNAVAILABLE",
      got: expect.stringMatching(/^NOPERM /),
    });
  });
});
