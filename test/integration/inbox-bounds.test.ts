/** Callbacks that are kept go when their time is over, or the room is needed: which first, and that none else does. */
import { describe, expect, it } from "vitest";
import { asSourceId } from "../../src/core/brand.ts";
import { CALLBACK_BOUNDS, createCallbacks, type NewCallback } from "../../src/store/callbacks.ts";
import { createKeys } from "../../src/store/keys.ts";
import { connectRedis } from "../../src/store/redis.ts";
import { startRedis } from "../support/service.ts";

describe("what is kept", () => {
  const DAY_MS = 24 * 60 * 60 * 1_000;

  async function openStore(bounds: Partial<typeof CALLBACK_BOUNDS> = {}) {
    const stack = new AsyncDisposableStack();
    const server = stack.use(await startRedis());
    const redis = connectRedis(server.url, "watcher", () => undefined);
    stack.defer(() => redis.disconnect());
    let nowMs = Date.parse("2026-01-31T12:00:00Z");
    const callbacks = createCallbacks(redis, createKeys("{hookwave}"), {
      retentionMs: DAY_MS,
      bounds: { ...CALLBACK_BOUNDS, ...bounds },
      now: () => nowMs,
    });
    const add = (callbackId: string, more: Partial<NewCallback> = {}) =>
      callbacks.store(
        {
          source: asSourceId("llm"),
          callbackId,
          type: null,
          signature: "valid",
          code: null,
          reason: null,
          isAccepted: true,
          headers: {},
          bodyBytes: 2,
          body: Buffer.from("{}"),
          digest: callbackId,
          ...more,
        },
        nowMs,
      );
    const ids = async () =>
      (await callbacks.page({}, "oldest", { after: null, limit: 100 })).data.map((one) => one.callbackId);
    const wait = (ms: number): void => {
      nowMs += ms;
    };
    return { redis, callbacks, add, ids, wait, [Symbol.asyncDispose]: () => stack.disposeAsync() };
  }

  const FLAGGED = { signature: "invalid" } as const;
  const REFUSED = { signature: "invalid", isAccepted: false } as const;

  it("goes when its time is over: from the list, from the counts, and from Redis with the next that comes", async () => {
    await using store = await openStore();
    const { callbacks, add, ids, wait, redis } = store;
    await add("old");
    wait(DAY_MS / 2);
    await add("young");
    wait(DAY_MS / 2 + 1);

    expect(await ids()).toEqual(["young"]);
    expect(await callbacks.count([asSourceId("llm")])).toMatchObject([{ total: 1 }, { total: 1, unseen: 1 }]);
    await add("new");
    expect(await redis.zcard("{hookwave}:inbox:all")).toBe(2);
    expect(await redis.hlen("{hookwave}:inbox:weights")).toBe(2);
    expect(await redis.keys("{hookwave}:inbox:callback:*")).toHaveLength(2);
  });

  it("that was refused makes room for itself alone", async () => {
    await using store = await openStore({ refused: 2 });
    const { add, ids } = store;
    await add("valid");
    await add("flagged", FLAGGED);
    for (const n of [1, 2, 3, 4]) expect(await add(`refused-${n}`, REFUSED)).toMatchObject({ removed: 0 });

    expect(await ids()).toEqual(["valid", "flagged", "refused-3", "refused-4"]);
  });

  it("and is flagged goes before what is valid, the oldest first, and never what has just been answered for", async () => {
    await using store = await openStore({ kept: 3 });
    const { add, ids } = store;
    await add("flagged-1", FLAGGED);
    await add("valid-1");
    await add("flagged-2", FLAGGED);
    expect(await add("valid-2")).toMatchObject({ removed: 1 });
    expect(await ids()).toEqual(["valid-1", "flagged-2", "valid-2"]);
    await add("valid-3");
    expect(await add("flagged-3", FLAGGED)).toMatchObject({ removed: 1 });
    expect(await ids()).toEqual(["valid-2", "valid-3", "flagged-3"]);
    await add("flagged-4", FLAGGED);
    expect(await ids()).toEqual(["valid-2", "valid-3", "flagged-4"]);
  });

  it("takes so many bytes at the most, however large each is", async () => {
    await using store = await openStore({ keptBytes: 100_000 });
    const { add, ids } = store;
    const large = { body: Buffer.alloc(40_000), bodyBytes: 40_000 };
    for (const n of [1, 2]) await add(`large-${n}`, large);
    await add("large-2", { ...large, digest: "other" });
    expect(await ids()).toEqual(["large-1", "large-2"]);
    await add("large-3", large);
    expect(await ids()).toEqual(["large-2", "large-3"]);
  });

  it("keeps its order where a clock is put back", async () => {
    await using store = await openStore();
    const { add, ids, wait } = store;
    await add("one");
    wait(-60_000);
    await add("two");
    expect(await ids()).toEqual(["one", "two"]);
  });
});
