/** The shards' own knowledge of which endpoints there are: told late, or lost, it comes to what home says. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { asEndpointId } from "../../src/core/brand.ts";
import { createKeys } from "../../src/store/keys.ts";
import { createOutlying } from "../../src/store/outlying.ts";
import { connectRedis, type Redis } from "../../src/store/redis.ts";
import { startHookwave, startRedis, type TestHookwave, type TestRedis } from "../support/service.ts";
import { SHARDS } from "../support/shards.ts";
import { until } from "../support/until.ts";

const stack = new AsyncDisposableStack();
let server: TestRedis;
let redis: Redis;
let hookwave: TestHookwave;

const outlineIn = (shard: number, id: string) => redis.hget(`{hookwave:${shard}}:endpoints`, id);

beforeAll(async () => {
  server = stack.use(await startRedis());
  redis = connectRedis(server.url, "watcher", () => undefined);
  stack.defer(() => redis.disconnect());
  hookwave = stack.use(await startHookwave(server, { shards: SHARDS }));
});
afterAll(() => stack.disposeAsync());

describe("outlines of endpoints in shards", () => {
  it("are told again to a shard whose connection was lost: its replica may not have had them", async () => {
    await hookwave.endpoints.add({ id: "lasting", url: "https://lasting.example/" });
    const before = await outlineIn(1, "lasting");
    expect(before).not.toBe(null);
    await redis.hdel("{hookwave:1}:endpoints", "lasting");
    await redis.hset("{hookwave:1}:endpoints", "gone-long-ago", '{"v":1}');

    await redis.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");

    await until("it is there again", async () => (await outlineIn(1, "lasting")) === before);
    await until("the other one is not", async () => (await outlineIn(1, "gone-long-ago")) === null);
  });

  it("end for the one that was removed, not for another of its id that was added since", async () => {
    const place = (prefix: string) => ({ redis, keys: createKeys(prefix) });
    const told = createOutlying(place("{late}"), [place("{late:0}"), place("{late:1}")], () => undefined);
    const id = asEndpointId("again");
    const record = (incarnation: string) => JSON.stringify({ v: 1, incarnation });
    await told.adding(id, record("first"), Date.now(), async () => 1);
    await told.adding(id, record("second"), Date.now(), async () => 2);

    await told.removed(id, record("first"), Date.now());

    expect(await redis.hget("{late:1}:endpoints", id)).toContain("second");
    await told.removed(id, record("second"), Date.now());
    expect(await redis.hget("{late:1}:endpoints", id)).toBe(null);
  });
});
