/** A worker's end, by kill -9 and by SIGTERM: what was recorded is not sent again, and what is open goes back uncharged. */
import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { isDrained } from "../support/drained.ts";
import { startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis } from "../support/service.ts";
import { thingsMade } from "../support/things.ts";
import { until } from "../support/until.ts";
import { startWorker } from "../support/workers.ts";

describe.concurrent("a worker killed with kill -9", () => {
  it("does not send again what had been answered and recorded before", async () => {
    await using redis = await startRedis();
    // One of the batch is never answered, so that the job is still open when its worker dies.
    await using receiver = await startReceiver((response, { headers }) => {
      if (headers["webhook-id"] !== "evt_39") response.writeHead(200).end();
    });
    await using api = await startHookwave(redis, { role: "api" });
    await api.endpoints.add({ id: "one", url: receiver.url, maxInFlight: 50 });
    await api.publishMany(thingsMade(40));
    await using doomed = await startWorker(redis);
    await receiver.received(40);
    const records = new Redis(redis.url);
    await until("39 are recorded", async () => (await records.xlen("{hookwave}:attempts:one")) === 39);
    records.disconnect();

    await doomed.kill("SIGKILL");
    receiver.replies(200);
    await using _heir = await startWorker(redis);

    await until(
      "the open one has come again",
      () => receiver.ids().filter((id) => id === "evt_39").length === 2,
      30_000,
    );
    await until("nothing is left to do", () => isDrained(api));
    expect(receiver.ids()).toHaveLength(41);
  }, 60_000);
});

describe.concurrent("a worker told to stop", () => {
  it("gives back what is not answered within its grace, and charges no attempt", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver(() => undefined);
    await using api = await startHookwave(redis, { role: "api" });
    await api.endpoints.add({ url: receiver.url, retrySchedule: [] });
    await using first = await startWorker(redis, { shutdownGraceMs: 500 });
    await api.publish({ type: "thing.made", data: {} });
    await receiver.received(1);

    const toldAt = performance.now();
    expect(await first.kill("SIGTERM")).toBe(0);
    expect(performance.now() - toldAt).toBeLessThan(3_000);

    receiver.replies(200);
    await using _second = await startWorker(redis);
    await receiver.received(2);
    await until("nothing is left to do", () => isDrained(api));
    expect((await api.queueCounts()).dead.depth).toBe(0);
  }, 60_000);
});
