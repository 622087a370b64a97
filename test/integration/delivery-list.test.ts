/** The list of deliveries: filters, pages, cursors. */
import { describe, expect, it } from "vitest";
import { asEventId } from "../../src/core/brand.ts";
import type { Page } from "../../src/core/page.ts";
import type { ShownDelivery } from "../../src/manage/deliveries.ts";
import type { DeliveryFilter } from "../../src/store/delivery-pages.ts";
import { untilIdle, untilStatus } from "../support/deliveries.ts";
import { type Answer, startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis, type TestHookwave } from "../support/service.ts";
import { until } from "../support/until.ts";

const ALL = { eventId: null, endpointId: null, status: null, since: null, until: null };
const FIRST_PAGE = { after: null, limit: 100 };

async function readAll(hookwave: TestHookwave, filter: DeliveryFilter, limit: number) {
  const ids: string[] = [];
  let pages = 0;
  let after: string | null = null;
  do {
    const page: Page<ShownDelivery> = await hookwave.deliveries.list(filter, { after, limit });
    expect(page.data.length).toBeLessThanOrEqual(limit);
    ids.push(...page.data.map(({ id }) => id));
    pages += 1;
    after = page.next;
  } while (after !== null);
  return { ids, pages };
}

/** Resolves with the deliveries' ids, sorted. */
async function deliverMany(hookwave: TestHookwave, count: number, urls: readonly string[]) {
  const endpointIds = urls.map((_, n) => `ep_${n}`);
  for (const [n, url] of urls.entries())
    await hookwave.endpoints.add({ id: `ep_${n}`, url, maxInFlight: 100 });
  const eventIds = Array.from({ length: count }, (_, n) => `evt_${n}`);
  await hookwave.publishMany(eventIds.map((id) => ({ id, type: "thing.made", data: {} })));
  await untilIdle(hookwave);
  return eventIds.flatMap((id) => endpointIds.map((endpointId) => `${id}.${endpointId}`)).toSorted();
}

/** So that its state is the last to be written, though its id is the first. */
const answersLast: Answer = (response) => setTimeout(() => response.writeHead(503).end(), 50);

describe("the list of deliveries", () => {
  /** Three events to two endpoints, one of which refuses; newest last. */
  async function publishThree(hookwave: TestHookwave, good: string, bad: string): Promise<void> {
    await hookwave.endpoints.add({ id: "good", url: good });
    await hookwave.endpoints.add({ id: "bad", url: bad, retrySchedule: [60_000] });
    for (const id of ["evt_1", "evt_2", "evt_3"]) {
      await hookwave.publish({ id, type: "thing.made", data: {} });
      await untilStatus(hookwave, `${id}.good`, "delivered");
      await untilStatus(hookwave, `${id}.bad`, "retrying");
    }
  }

  const idsOf = (page: { readonly data: readonly ShownDelivery[] }) => page.data.map(({ id }) => id);

  it("has the newest events first, filters, and ends", async () => {
    await using redis = await startRedis();
    await using good = await startReceiver();
    await using bad = await startReceiver(answersLast);
    await using hookwave = await startHookwave(redis);
    await publishThree(hookwave, good.url, bad.url);
    const list = async (filter: object) =>
      idsOf(await hookwave.deliveries.list({ ...ALL, ...filter }, FIRST_PAGE));

    const all = ["evt_3.bad", "evt_3.good", "evt_2.bad", "evt_2.good", "evt_1.bad", "evt_1.good"];
    expect(await list({})).toEqual(all);
    expect(await list({ endpointId: "good" })).toEqual(all.filter((id) => id.endsWith("good")));
    expect(await list({ status: "retrying" })).toEqual(all.filter((id) => id.endsWith("bad")));
    expect(await list({ status: "delivered", endpointId: "bad" })).toEqual([]);
    expect(await list({ eventId: "evt_2" })).toEqual(["evt_2.bad", "evt_2.good"]);
    expect(await list({ eventId: "evt_2", endpointId: "bad" })).toEqual(["evt_2.bad"]);
    expect(await list({ eventId: "evt_unknown" })).toEqual([]);

    const { createdAt } = await hookwave.deliveries.get("evt_2.good");
    expect(await list({ since: createdAt })).toEqual(all.slice(0, 4));
    expect(await list({ until: createdAt })).toEqual(all.slice(4));
    expect(await list({ eventId: "evt_2", since: createdAt + 1 })).toEqual([]);
    expect(await list({ eventId: "evt_2", until: createdAt })).toEqual([]);
  });

  it("is read page by page, each delivery once, also where an event's deliveries fall into two pages", async () => {
    await using redis = await startRedis();
    await using good = await startReceiver();
    await using bad = await startReceiver(answersLast);
    await using hookwave = await startHookwave(redis);
    await publishThree(hookwave, good.url, bad.url);

    for (const filter of [ALL, { ...ALL, status: "retrying" as const }]) {
      const whole = idsOf(await hookwave.deliveries.list(filter, FIRST_PAGE));
      for (const limit of [1, 2, 4]) {
        expect((await readAll(hookwave, filter, limit)).ids).toEqual(whole);
      }
    }
  });

  it("looks at 500 events for one page at the most, in two parts, and loses none in between", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver();
    await using hookwave = await startHookwave(redis);
    const ids = await deliverMany(hookwave, 620, [receiver.url]);

    expect(await readAll(hookwave, { ...ALL, status: "cancelled" }, 100)).toEqual({ ids: [], pages: 2 });
    for (const [limit, pages] of [
      [100, 7],
      [70, 9],
    ] as const) {
      const read = await readAll(hookwave, ALL, limit);
      expect(read.pages).toBe(pages);
      expect(read.ids.toSorted()).toEqual(ids);
    }
  });

  it("looks at 1,000 deliveries for one page at the most", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver();
    await using hookwave = await startHookwave(redis);
    await deliverMany(hookwave, 350, [receiver.url, receiver.url, receiver.url]);

    expect(await readAll(hookwave, { ...ALL, status: "cancelled" }, 100)).toEqual({ ids: [], pages: 2 });
  });

  it("takes a page out of the many deliveries of one event, whatever their order in its record", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver(503);
    await using hookwave = await startHookwave(redis);
    const ids = Array.from({ length: 30 }, (_, n) => `ep_${(n * 7) % 30}`);
    for (const id of ids) await hookwave.endpoints.add({ id, url: receiver.url, retrySchedule: [60_000] });
    await hookwave.publish({ id: "evt_1", type: "thing.made", data: {} });
    await until("all wait", async () => (await hookwave.queueCounts()).retrying.depth === 30);

    const expected = ids.map((id) => `evt_1.${id}`).toSorted();
    for (const filter of [
      ALL,
      { ...ALL, status: "retrying" as const },
      { ...ALL, eventId: asEventId("evt_1") },
    ])
      for (const limit of [3, 7, 29]) expect((await readAll(hookwave, filter, limit)).ids).toEqual(expected);
  });

  it("refuses what is no cursor of its own, and no delivery's id", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis);
    for (const after of ["", "1", "abc", "1-1.a.b", "1-1.a b", `${"9".repeat(30)}-0`])
      await expect(hookwave.deliveries.list(ALL, { after, limit: 1 })).rejects.toMatchObject({
        code: "CURSOR_INVALID",
      });
    for (const id of ["evt_1.one", "evt_1", "", "a.b.c"])
      for (const asked of [hookwave.deliveries.get, hookwave.deliveries.retry, hookwave.deliveries.cancel])
        await expect(asked(id)).rejects.toMatchObject({ code: "DELIVERY_UNKNOWN" });
  });
});
