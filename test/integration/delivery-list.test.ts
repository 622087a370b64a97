/** The list of deliveries: filters, pages, cursors. */
import { describe, expect, it } from "vitest";
import type { ShownDelivery } from "../../src/app/delivery-desk.ts";
import { untilStatus } from "../support/deliveries.ts";
import { type Answer, startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis, type TestHookwave } from "../support/service.ts";

const ALL = { eventId: null, endpointId: null, status: null, since: null, until: null };
const FIRST_PAGE = { after: null, limit: 100 };

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
        const seen: string[] = [];
        let after: string | null = null;
        do {
          const page: { readonly data: readonly ShownDelivery[]; readonly next: string | null } =
            await hookwave.deliveries.list(filter, { after, limit });
          expect(page.data.length).toBeLessThanOrEqual(limit);
          seen.push(...idsOf(page));
          after = page.next;
        } while (after !== null);
        expect(seen).toEqual(whole);
      }
    }
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
