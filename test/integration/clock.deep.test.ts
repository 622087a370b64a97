/** Waits between attempts follow the worker's clock, so one that has gone wrong must not run any (trap 13). */
import { Redis } from "ioredis";
import { afterEach, describe, expect, it, vi } from "vitest";
import { startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

const HOUR_MS = 3_600_000;
const rightNow = Date.now;

const setClock = (offByMs: number): void => {
  vi.spyOn(Date, "now").mockImplementation(() => rightNow() + offByMs);
};

afterEach(() => {
  vi.restoreAllMocks();
});

describe("a worker whose clock goes wrong while it runs", () => {
  it.each([HOUR_MS, -HOUR_MS])(
    "takes no jobs while it is %i ms off, says so, and goes on by itself",
    async (offByMs) => {
      await using redis = await startRedis();
      await using receiver = await startReceiver(503, 200);
      await using worker = await startHookwave(redis);
      await worker.endpoints.add({ url: receiver.url, retrySchedule: [60_000] });
      await worker.publish({ id: "evt_first", type: "thing.made", data: {} });
      await until(
        "it waits for its second attempt",
        async () => (await worker.queueCounts()).retrying.depth === 1,
      );

      setClock(offByMs);
      const complaints = () =>
        worker.happenings.filter((one) => one.kind === "service.failed" && one.doing === "check_clock");
      await until("it has noticed", () => !worker.isConsuming());
      await worker.publish({ id: "evt_second", type: "thing.made", data: {} });
      await until("it has said so", () => complaints().length > 0);
      const admin = new Redis(redis.url);
      const looks = async (): Promise<number> =>
        Number(/cmdstat_time:calls=(\d+)/.exec(await admin.info("commandstats"))?.[1] ?? 0);
      const before = await looks();
      await until("it has looked again", async () => (await looks()) > before + 2);
      admin.disconnect();
      expect(complaints()).toMatchObject([{ error: { code: "REDIS_UNSAFE" } }]);
      expect(receiver.ids()).toEqual(["evt_first"]);

      setClock(0);
      await until("it works again", () => receiver.ids().includes("evt_second"));
      expect(worker.isConsuming()).toBe(true);
      expect(worker.happenings).toContainEqual(
        expect.objectContaining({ kind: "service.noticed", notice: "the clock is right again: taking jobs" }),
      );
      expect(receiver.ids()).toEqual(["evt_first", "evt_second"]);
    },
  );
});
