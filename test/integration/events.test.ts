/** Events on record: the feed that receivers pull, one event whole, sending it again, and publishing it once. */
import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import type { PublishedEvent } from "../../src/core/event.ts";
import type { Page } from "../../src/core/page.ts";
import type { FeedFilter } from "../../src/store/feed.ts";
import { untilIdle } from "../support/deliveries.ts";
import { startReceiver } from "../support/receiver.ts";
import { secretOf } from "../support/secret-of.ts";
import { startHookwave, startRedis, type TestHookwave } from "../support/service.ts";
import { until } from "../support/until.ts";

const ALL = { type: null, since: null };
const FIRST_PAGE = { after: null, limit: 100 };

const made = (id: string, type = "thing.made") => ({ id, type, data: {} });

/** Published, and taken on by a worker. */
async function publishAll(
  hookwave: TestHookwave,
  events: Parameters<TestHookwave["publishMany"]>[0],
): Promise<void> {
  await hookwave.publishMany(events);
  await untilIdle(hookwave);
}

async function readAll(hookwave: TestHookwave, filter: FeedFilter, limit: number) {
  const events: PublishedEvent[] = [];
  let pages = 0;
  let after: string | null = null;
  do {
    const page: Page<PublishedEvent> = await hookwave.events.feed(filter, { after, limit });
    events.push(...page.data);
    pages += 1;
    after = page.next;
  } while (after !== null);
  return { ids: events.map(({ id }) => id), pages };
}

describe("the latest events", () => {
  it("come newest first, page by page, to the oldest that is kept", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis);
    for (const n of [1, 2, 3]) await publishAll(hookwave, [made(`evt_${n}`)]);
    await publishAll(hookwave, [made("evt_4", "other.made")]);
    const latest = (filter: FeedFilter, after: string | null, limit: number) =>
      hookwave.events.latest(filter, { after, limit });
    const idsOf = ({ data }: Page<PublishedEvent>): readonly string[] => data.map(({ id }) => id);

    const first = await latest(ALL, null, 3);
    expect(idsOf(first)).toEqual(["evt_4", "evt_3", "evt_2"]);
    const second = await latest(ALL, first.next, 3);
    expect(idsOf(second)).toEqual(["evt_1"]);
    expect(second.next).toBeNull();
    const things = await latest({ type: "thing.*", since: null }, null, 2);
    expect(idsOf(things)).toEqual(["evt_3", "evt_2"]);
    expect(idsOf(await latest({ type: "thing.*", since: null }, things.next, 2))).toEqual(["evt_1"]);
    await expect(latest(ALL, "nonsense", 3)).rejects.toMatchObject({ code: "CURSOR_INVALID" });
  });
});

describe("the feed of events", () => {
  it("has them in their order and byte for byte, page by page, also those nobody subscribed to", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis);
    const dataText = '{ "b":12345678901234567890,"a":1.0, "a":"\\u00e9\\/" }';
    const timestamp = "2025-03-04T05:06:07+01:00";
    await publishAll(hookwave, [{ id: "evt_0", type: "bytes.kept", timestamp, dataText }]);
    await publishAll(
      hookwave,
      [1, 2, 3, 4].map((n) => made(`evt_${n}`)),
    );

    const first = await hookwave.events.feed(ALL, { after: null, limit: 1 });
    expect(first.data).toEqual([{ id: "evt_0", type: "bytes.kept", timestamp, data: dataText }]);
    // The last page is the one with nothing in it: what comes later is behind the same cursor.
    for (const [limit, pages] of [
      [1, 6],
      [2, 4],
      [5, 2],
      [100, 2],
    ] as const)
      expect(await readAll(hookwave, ALL, limit)).toEqual({
        ids: [0, 1, 2, 3, 4].map((n) => `evt_${n}`),
        pages,
      });
  });

  it("has each event once, however often it is published", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis);
    for (const id of ["evt_1", "evt_2", "evt_1"]) await publishAll(hookwave, [made(id), made(id)]);
    expect((await readAll(hookwave, ALL, 100)).ids).toEqual(["evt_1", "evt_2"]);
  });

  it("has only one type, or a family of them, and only what was taken on since a time, where that is asked", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis);
    await publishAll(hookwave, [made("evt_1", "order.paid"), made("evt_2", "order"), made("evt_3")]);
    const before = Date.now() + 1;
    await until("the clock has moved on", () => Date.now() > before);
    await publishAll(hookwave, [made("evt_4", "order.sent"), made("evt_5")]);
    const ids = async (filter: Partial<FeedFilter>) =>
      (await readAll(hookwave, { ...ALL, ...filter }, 1)).ids;

    expect(await ids({ type: "thing.made" })).toEqual(["evt_3", "evt_5"]);
    expect(await ids({ type: "order.*" })).toEqual(["evt_1", "evt_4"]);
    expect(await ids({ type: "*" })).toHaveLength(5);
    expect(await ids({ since: before })).toEqual(["evt_4", "evt_5"]);
    expect(await ids({ since: before, type: "order.*" })).toEqual(["evt_4"]);
    expect(await ids({ since: -1 })).toHaveLength(5);
    const early = await hookwave.events.feed(ALL, { after: null, limit: 1 });
    const later = await hookwave.events.feed({ ...ALL, since: before }, { after: early.next, limit: 100 });
    expect(later.data.map(({ id }) => id)).toEqual(["evt_4", "evt_5"]);
  });

  it("ends a page early before it grows beyond a mebibyte and an event, and goes on behind it", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis);
    const big = (n: number) => ({
      id: `evt_${n}`,
      type: "thing.made",
      dataText: JSON.stringify("x".repeat(250 * 1_024)),
    });
    await publishAll(hookwave, [1, 2, 3, 4, 5, 6, 7].map(big));

    const page = await hookwave.events.feed(ALL, FIRST_PAGE);
    expect(page.data).toHaveLength(5);
    expect((await readAll(hookwave, ALL, 100)).ids).toHaveLength(7);
  });

  it("looks at a thousand entries for one page at the most, and says where it stopped", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis);
    const many = Array.from({ length: 1_500 }, (_, n) => made(`evt_${n}`));
    await publishAll(hookwave, many);
    // Only now: what is beyond its type's allowance lets others go first.
    await publishAll(hookwave, [made("evt_rare", "rare.thing")]);

    const page = await hookwave.events.feed({ ...ALL, type: "rare.thing" }, FIRST_PAGE);
    expect(page).toEqual({ data: [], next: expect.stringMatching(/^\d+-\d+$/) });
    expect(await readAll(hookwave, { ...ALL, type: "rare.thing" }, 100)).toEqual({
      ids: ["evt_rare"],
      pages: 3,
    });
  });

  it("passes over what has expired, and forgets it", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis, { eventRetentionMs: 2_500 });
    const connection = new Redis(redis.url);
    const many = Array.from({ length: 300 }, (_, n) => made(`evt_${n}`));
    await publishAll(hookwave, many);
    expect((await hookwave.events.feed(ALL, { after: null, limit: 1 })).data).toHaveLength(1);
    expect(await connection.pttl("{hookwave}:feed")).toBeGreaterThan(0);

    let late = 0;
    await until("they have expired", async () => {
      late += 1;
      await publishAll(hookwave, [made(`late_${late}`)]);
      return (await connection.xlen("{hookwave}:feed")) < 150;
    });
    const { ids } = await readAll(hookwave, ALL, 100);
    expect(ids.at(-1)).toBe(`late_${late}`);
    expect(ids.filter((id) => id.startsWith("evt"))).toEqual([]);
    connection.disconnect();
  });

  it("has an event once that was published again after it had expired; so has the list of deliveries", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver();
    await using hookwave = await startHookwave(redis, { eventRetentionMs: 700 });
    await hookwave.endpoints.add({ id: "one", url: receiver.url });
    await publishAll(hookwave, [made("evt_1")]);
    // The feed lives on meanwhile, with the entry of what has expired.
    await until("it has expired", async () => {
      await publishAll(hookwave, [{ type: "other.made", data: {} }]);
      return await hookwave.events.get("evt_1").then(
        () => false,
        () => true,
      );
    });
    await publishAll(hookwave, [made("evt_1")]);

    const [{ ids }, deliveries] = await Promise.all([
      readAll(hookwave, { ...ALL, type: "thing.made" }, 100),
      hookwave.deliveries.list(
        { eventId: null, endpointId: null, status: null, since: null, until: null },
        FIRST_PAGE,
      ),
    ]);
    expect(ids).toEqual(["evt_1"]);
    expect(deliveries.data.filter(({ event }) => event.id === "evt_1")).toHaveLength(1);
  });

  it("refuses a cursor that is none of its own", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis);
    for (const after of ["", "evt_1", "1", "1-1.ep", "+", "(1-1", `${"9".repeat(30)}-0`])
      await expect(hookwave.events.feed(ALL, { after, limit: 1 })).rejects.toMatchObject({
        code: "CURSOR_INVALID",
      });
  });
});

describe("one event", () => {
  it("shows what was published, where it was to go, and what became of each delivery", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver();
    await using caller = await startReceiver();
    await using hookwave = await startHookwave(redis);
    await hookwave.endpoints.add({
      id: "one",
      url: receiver.url,
      secrets: [secretOf("s")],
      signsDestinations: true,
    });
    const destinations = [{ url: caller.url, keyId: "one" }];
    const before = Date.now();
    await publishAll(hookwave, [{ ...made("evt_1"), timestamp: "2025-03-04T05:06:07Z", destinations }]);
    await Promise.all([receiver.received(1), caller.received(1)]);

    const whole = await hookwave.events.get("evt_1");

    expect(whole.event).toEqual({
      ...made("evt_1"),
      data: "{}",
      timestamp: "2025-03-04T05:06:07Z",
      destinations: [{ url: caller.url, keyId: "one", events: ["*"], profile: null }],
    });
    expect(Math.abs(whole.acceptedAt - before)).toBeLessThan(5_000);
    expect(whole.deliveries).toMatchObject({
      data: [
        { id: expect.stringMatching(/^evt_1\.dst_/), state: { status: "delivered" } },
        { id: "evt_1.one", state: { status: "delivered" } },
      ],
      next: null,
    });
    await expect(hookwave.events.get("evt_2")).rejects.toMatchObject({ code: "EVENT_UNKNOWN" });
  });
});
