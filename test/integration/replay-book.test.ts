/** One process at a time works on a replay, and one that has lost it writes nothing over the next one's progress. */
import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import type { Replay } from "../../src/core/replay.ts";
import { createKeys } from "../../src/store/keys.ts";
import { createReplayBook } from "../../src/store/replays.ts";
import { startRedis } from "../support/service.ts";

const replay: Replay = {
  id: "rpl_1",
  filter: { type: "job.*", since: 5 },
  ratePerSecond: 50,
  to: null,
  state: "running",
  createdAt: "2026-01-31T12:00:00.000Z",
  finishedAt: null,
  total: 10,
  replayed: 0,
  skipped: 0,
  failed: 0,
  failures: [],
};
const slice = {
  cursor: "7:a",
  replayed: 2,
  skipped: 1,
  failed: 0,
  failures: [],
  finishedAt: null,
  dealtWith: [],
};

describe("the lease of a replay", () => {
  it("has one holder, who may renew it and let it go", async () => {
    await using redis = await startRedis();
    const raw = new Redis(redis.url);
    const book = createReplayBook(raw, createKeys("{hookwave}"), 60_000);
    expect(await book.add(replay)).toBe(true);

    expect(await book.hold("rpl_1", "a")).toEqual({ replay, cursor: null });
    expect(await book.hold("rpl_1", "b")).toBeNull();
    expect(await book.hold("rpl_1", "a")).not.toBeNull();
    await book.letGo("rpl_1", "b");
    expect(await book.hold("rpl_1", "b")).toBeNull();
    await book.letGo("rpl_1", "a");
    expect(await book.hold("rpl_1", "b")).not.toBeNull();
    raw.disconnect();
  });

  it("once lost, lets its former holder write nothing more", async () => {
    await using redis = await startRedis();
    const raw = new Redis(redis.url);
    const book = createReplayBook(raw, createKeys("{hookwave}"), 60_000);
    await book.add(replay);
    await book.hold("rpl_1", "a");
    await raw.del("{hookwave}:replay-lease:rpl_1");
    await book.hold("rpl_1", "b");
    await book.advance("rpl_1", "b", slice);

    await book.advance("rpl_1", "a", { ...slice, cursor: "3:a", finishedAt: "2026-01-31T12:00:01.000Z" });

    const after = { ...replay, replayed: 2, skipped: 1 };
    expect(await book.hold("rpl_1", "b")).toEqual({ replay: after, cursor: "7:a" });
    raw.disconnect();
  });

  it("keeps a replay cancelled whose last slice ends afterwards, with what that slice came to", async () => {
    await using redis = await startRedis();
    const raw = new Redis(redis.url);
    const book = createReplayBook(raw, createKeys("{hookwave}"), 60_000);
    await book.add(replay);
    await book.hold("rpl_1", "a");
    expect(await book.swapState("rpl_1", "paused", "running", null)).toBe(false);
    expect(await book.swapState("rpl_1", "running", "cancelled", "2026-01-31T12:00:01.000Z")).toBe(true);

    await book.advance("rpl_1", "a", { ...slice, finishedAt: "2026-01-31T12:00:02.000Z" });

    expect(await book.read("rpl_1")).toMatchObject({
      state: "cancelled",
      finishedAt: "2026-01-31T12:00:01.000Z",
      replayed: 2,
    });
    expect(await book.open()).toEqual([]);
    raw.disconnect();
  });
});
