/** What was accepted is owed to whoever had subscribed then: also to one that is disabled before it can be sent. */
import { describe, expect, it } from "vitest";
import { summaries } from "../support/letters.ts";
import { startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

const EVENT = { type: "thing.made", data: {} };

describe("an endpoint that is disabled while events wait for a worker", () => {
  it("finds what had been accepted before among the dead letters, and nothing that came after", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver();
    await using desk = await startHookwave(redis, { role: "api" });
    const { id: endpointId } = await desk.endpoints.add({ url: receiver.url });
    const before = await desk.publish(EVENT);
    await desk.endpoints.disable(endpointId, "moving house");
    await desk.publish(EVENT);

    await using worker = await startHookwave(redis, { role: "worker" });
    await until("both are dispatched", async () => (await worker.census()).new.depth === 0);

    const [letter, ...more] = await summaries(desk);
    expect(letter).toMatchObject({
      eventId: before.id,
      endpointId,
      because: "endpoint_disabled",
      attempts: 0,
    });
    expect(more).toEqual([]);
    expect(receiver.ids()).toEqual([]);

    await desk.endpoints.enable(endpointId);
    await desk.deadLetters.replay(letter?.id ?? "");
    await receiver.received(1);
    expect(receiver.ids()).toEqual([before.id]);
  });
});
