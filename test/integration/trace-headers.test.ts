/** The trace that an event belongs to, with traces of our own or without: it goes wherever the event goes. */
import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

const PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

describe("an event keeps the trace it came with", () => {
  const trace = { traceparent: PARENT, tracestate: "acme=1" };
  const traced = { id: "evt_1", type: "thing.made", data: {}, ...trace };

  it("as any BullMQ client writes it, over retry, dead letter and replay, and sent again from its record", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver(500, 500, 200);
    await using hookwave = await startHookwave(redis);
    await hookwave.endpoints.add({ id: "one", url: receiver.url, retrySchedule: [10] });
    const connection = new Redis(redis.url, { maxRetriesPerRequest: null });
    const queue = new Queue("events", { connection, prefix: "{hookwave}" });
    await queue.add("event", traced);
    await queue.close();
    connection.disconnect();
    const letter = await until(
      "it is a dead letter",
      async () => (await hookwave.deadLetters.list({}, { after: null, limit: 1 })).data[0],
    );
    await hookwave.deadLetters.replay(letter.id);
    await receiver.received(3);
    await until("it is delivered", async () => {
      const { deliveries } = await hookwave.events.get("evt_1");
      return deliveries.data[0]?.state.status === "delivered";
    });
    await hookwave.events.replay("evt_1", null);
    const requests = await receiver.received(4);
    for (const { headers } of requests) expect(headers).toMatchObject(trace);
  });

  it("while it is parked", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver(500, 500, 200);
    const breaker = { breakerFailureThreshold: 1, breakerRecoveryMs: 300 };
    await using hookwave = await startHookwave(redis, breaker);
    await hookwave.endpoints.add({ url: receiver.url, retrySchedule: [] });
    await hookwave.publish({ type: "thing.made", data: {} });
    await until("the breaker is open", () =>
      hookwave.happenings.some((one) => one.kind === "breaker.changed" && one.state === "open"),
    );
    await hookwave.publish(traced);
    await until("it is held", () => hookwave.happenings.some(({ kind }) => kind === "delivery.held"));
    const sent = await until("it is sent", () =>
      receiver.requests.find(({ headers }) => headers["webhook-id"] === "evt_1"),
    );
    expect(sent.headers).toMatchObject(trace);
  });

  it.each([
    ["standard", undefined, true],
    ["standard", false, false],
    ["hokusai", undefined, false],
    ["github", undefined, false],
    ["github", true, true],
  ] as const)("to a receiver that speaks %s and asks for %s: %s", async (profile, traceHeaders, isSent) => {
    await using redis = await startRedis();
    await using receiver = await startReceiver();
    await using hookwave = await startHookwave(redis);
    await hookwave.endpoints.add({
      url: receiver.url,
      profile,
      ...(traceHeaders !== undefined && { traceHeaders }),
    });
    await hookwave.publish(traced);
    const [request] = await receiver.received(1);
    if (isSent) expect(request?.headers).toMatchObject(trace);
    else expect(Object.keys(request?.headers ?? {}).filter((name) => name.startsWith("trace"))).toEqual([]);
  });

  it("and loses nothing else where it came with nonsense", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver();
    await using hookwave = await startHookwave(redis);
    await hookwave.endpoints.add({ url: receiver.url });
    const connection = new Redis(redis.url, { maxRetriesPerRequest: null });
    const queue = new Queue("events", { connection, prefix: "{hookwave}" });
    const wrong: readonly unknown[] = [7, null, {}, [PARENT], "x".repeat(10_000), `${PARENT}\r\nx-evil: 1`];
    for (const [n, traceparent] of wrong.entries())
      await queue.add("event", { ...traced, id: `evt_${n}`, traceparent, tracestate: ["a=1"] });
    await queue.close();
    connection.disconnect();
    const requests = await receiver.received(wrong.length);
    expect(requests.map(({ headers }) => headers["webhook-id"]).toSorted()).toEqual(
      wrong.map((_, n) => `evt_${n}`),
    );
    for (const { headers } of requests) expect(headers).not.toHaveProperty("traceparent");
  });
});
