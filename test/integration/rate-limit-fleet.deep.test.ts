/** An endpoint's rate, kept by a fleet of real processes: a receiver counts. */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { describe, expect, it } from "vitest";
import { mostWithin } from "../support/moments.ts";
import { startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis } from "../support/service.ts";
import { startWorker } from "../support/workers.ts";

/** The best of three: a pause of a busy machine costs turns that nobody can give back. */
const AT_FULL_RATE = { retry: 2 };

describe("a fleet of three workers", () => {
  it(
    "keeps an endpoint's rate to ten in a hundred, and charges no attempt for the waiting",
    AT_FULL_RATE,
    async () => {
      const limit = { count: 50, perMs: 1_000 };
      await using redis = await startRedis();
      await using receiver = await startReceiver();
      await using hookwave = await startHookwave(redis, { role: "api" });
      // What was due while this process stood still goes out when it goes on.
      const pauses = monitorEventLoopDelay({ resolution: 5 });
      pauses.enable();
      // No retry is allowed: a wait that was charged would bury the delivery.
      await hookwave.endpoints.add({ url: receiver.url, rateLimit: limit, retrySchedule: [] });
      await using _one = await startWorker(redis);
      await using _two = await startWorker(redis);
      await using _three = await startWorker(redis);

      await hookwave.publishMany(Array.from({ length: 300 }, () => ({ type: "thing.made", data: {} })));

      const requests = await receiver.received(300, 30_000);
      expect(new Set(receiver.ids()).size).toBe(300);
      // Over three periods, and the fullest of them: a busy machine can keep a fleet from using its turns.
      const most = mostWithin(
        requests.map(({ at }) => ({ notBefore: at, notAfter: at })),
        3 * limit.perMs,
      );
      const dueMeanwhile = (limit.count * pauses.max) / 1_000_000 / limit.perMs;
      expect(most).toBeGreaterThanOrEqual(3 * limit.count * 0.9);
      expect(most).toBeLessThanOrEqual(3 * limit.count * 1.1 + dueMeanwhile);
      expect((await hookwave.queueCounts()).dead.depth).toBe(0);
    },
  );
});
