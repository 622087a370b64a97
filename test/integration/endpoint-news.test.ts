/** Endpoints and the events that are owed to them, where the news of an endpoint have not come to the worker. */
import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

describe("an event that is published right after its endpoint was added", () => {
  it.each([1, 2])("reaches it also where nobody hears of the endpoint: %s shard(s)", async (shards) => {
    await using redis = await startRedis();
    await using receiver = await startReceiver();
    await using worker = await startHookwave(redis, { shards });
    await using control = await startHookwave(redis, { shards, role: "api" });
    const admin = new Redis(redis.url);
    await control.publish({ id: "evt_before", type: "thing.made", data: {} });
    await until("it is taken", async () => (await worker.queueCounts()).new.depth === 0);
    const rounds = ["a", "b", "c", "d", "e", "f"];
    for (const round of rounds) {
      // Whoever listens connects anew, and has missed what is told meanwhile; the next look at all is up to a second later.
      await admin.call("CLIENT", "KILL", "TYPE", "pubsub");
      const type: string = `${round}.made`;
      await control.endpoints.add({ id: round, url: receiver.url, events: [type] });
      await control.publish({ id: `evt_${round}`, type, data: {} });
    }
    admin.disconnect();

    await until("all are taken", async () => (await worker.queueCounts()).new.depth === 0);
    await until("all have come", () => receiver.ids().length >= rounds.length);

    expect(receiver.ids().toSorted()).toEqual(rounds.map((round) => `evt_${round}`));
  });
});
