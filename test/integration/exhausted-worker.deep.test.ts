/** A worker that has no files left to open is at fault itself: no receiver is charged for it. */
import { afterEach, describe, expect, it } from "vitest";
import { startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis } from "../support/service.ts";
import { openThings, postTo } from "../support/transports.ts";
import { until } from "../support/until.ts";
import { startWorker } from "../support/workers.ts";

const { transport: openTransport, probe: openDirectSender, closeAll } = openThings();
afterEach(closeAll);

const ALL = { eventId: null, endpointId: null, status: null, since: null, until: null };

describe("a worker that may open no further file", () => {
  it("puts its deliveries back uncharged, and makes them once it may", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver(200);
    await using api = await startHookwave(redis, { role: "api" });
    // Without a retry, one attempt charged would be the end of its delivery.
    await api.endpoints.add({ id: "one", url: receiver.url, retrySchedule: [] });
    await using worker = await startWorker(redis, {}, {}, 256);
    await worker.exhaust();
    await api.publishMany(
      Array.from({ length: 20 }, (_, n) => ({ id: `evt_${n}`, type: "thing.made", data: {} })),
    );
    await until("its first attempts have failed, and each goes on alone", async () => {
      const { new: fresh, retrying } = await api.queueCounts();
      return fresh.depth === 0 && retrying.depth === 20;
    });
    expect(receiver.requests).toHaveLength(0);

    await worker.release();

    await until("nothing is left to do", async () => (await api.queueCounts()).retrying.depth === 0);
    const { data } = await api.deliveries.list(ALL, { after: null, limit: 100 });
    const outcomes = data.map(({ state }) => state.attempts.map(({ outcome }) => outcome));
    expect(outcomes).toEqual(Array.from({ length: 20 }, () => ["delivered"]));
    expect(receiver.requests).toHaveLength(20);
    expect((await api.queueCounts()).dead.depth).toBe(0);
  });
});

describe("what this machine has run out of", () => {
  it("is no exchange with the receiver, whoever posts", async () => {
    const lookup = () => Promise.reject(Object.assign(new Error("lookup"), { code: "EMFILE" }));
    const request = postTo("http://hooks.acme-corp.com/");
    const localExhaustion = { code: "RESOURCES_EXHAUSTED", got: "EMFILE" };
    await expect(openTransport({ lookup }).post(request)).rejects.toMatchObject(localExhaustion);
    await expect(openDirectSender({ lookup }).send(request)).rejects.toMatchObject(localExhaustion);
  });
});
