/** The real schedule of retries, in real time: a minute, in which nothing is asked of the machine. */
import { describe, expect, it } from "vitest";
import { expectExhausted } from "../support/exhausted.ts";
import { startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis } from "../support/service.ts";

const LATE_S = 0.25;

describe("a receiver that always answers 503", () => {
  it("is tried after 2, 4, 8, 16 and 32 s, then the dead letter holds all six attempts and can be replayed", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver(503);
    await using hookwave = await startHookwave(redis);
    await hookwave.endpoints.add({ url: receiver.url });
    const { id } = await hookwave.publish({ type: "thing.made", data: { big: 1 } });

    const requests = await receiver.received(6, 80_000);
    const gaps = requests.slice(1).map(({ at }, n) => (at - (requests[n]?.at ?? 0)) / 1_000);
    for (const [n, expected] of [2, 4, 8, 16, 32].entries()) {
      expect(gaps[n]).toBeGreaterThan(expected * 0.85);
      // 10 % of it is jitter; a machine that runs other tests may be late by a moment.
      expect(gaps[n]).toBeLessThan(expected * 1.15 + LATE_S);
    }

    await expectExhausted(hookwave, receiver, id);
  }, 120_000);
});
