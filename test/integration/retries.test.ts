/** What happens when a receiver does not take it: the schedule, dead letters, replay, instructions. */
import { describe, expect, it } from "vitest";
import { expectExhausted } from "../support/exhausted.ts";
import { storedLetters } from "../support/letters.ts";
import { startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

/** As many as the default schedule has, and a twentieth of each. */
const WAITS_MS = [100, 200, 400, 800, 1_600];

describe("a receiver that always answers 503", () => {
  it("is tried after each wait of its schedule, then the dead letter holds all six attempts and can be replayed", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver(503);
    // Five failures within so short a time would open the breaker.
    await using hookwave = await startHookwave(redis, { breakerFailureThreshold: 100 });
    await hookwave.endpoints.add({ url: receiver.url, retrySchedule: WAITS_MS });
    const { id } = await hookwave.publish({ type: "thing.made", data: { big: 1 } });

    const requests = await receiver.received(6);
    const gaps = requests.slice(1).map(({ at }, n) => at - (requests[n]?.at ?? 0));
    // A busy machine may be late, but never early; retry-schedule.deep.test.ts has the real schedule, and an upper bound.
    for (const [n, waitMs] of WAITS_MS.entries()) expect(gaps[n]).toBeGreaterThan(waitMs * 0.85);

    await expectExhausted(hookwave, receiver, id);
  });
});

describe("what a receiver may say", () => {
  it("waits as long as Retry-After asks when that is longer than the schedule", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver(
      (response) => response.writeHead(429, { "retry-after": "2" }).end(),
      200,
    );
    await using hookwave = await startHookwave(redis);
    await hookwave.endpoints.add({ url: receiver.url, retrySchedule: [50] });

    await hookwave.publish({ type: "thing.made", data: {} });

    const [first, second] = await receiver.received(2);
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThan(1_900);
  });

  it("is disabled by 410 Gone: the delivery is buried and nothing more is sent", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver(410);
    await using hookwave = await startHookwave(redis);
    const { id } = await hookwave.endpoints.add({ url: receiver.url });

    await hookwave.publish({ type: "thing.made", data: {} });

    await until("the endpoint is disabled", async () => {
      const endpoint = (await hookwave.endpoints.list()).find((one) => one.id === id);
      return endpoint?.isActive === false;
    });
    await until(
      "it is a dead letter",
      async () => (await storedLetters(hookwave))[0]?.letter.because === "gone",
    );
    await hookwave.publish({ type: "thing.made", data: {} });
    await until("nothing is left to do", async () => (await hookwave.queueCounts()).new.depth === 0);
    expect(receiver.requests).toHaveLength(1);
  });

  it("is obeyed when it aborts one message", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver((response) =>
      response.writeHead(500, { "webhook-delivery": "abort-message" }).end(),
    );
    await using hookwave = await startHookwave(redis);
    await hookwave.endpoints.add({ url: receiver.url, retrySchedule: [10, 10] });

    await hookwave.publish({ type: "thing.made", data: {} });

    await until("it is buried", async () => (await storedLetters(hookwave))[0]?.letter.because === "aborted");
    expect(receiver.requests).toHaveLength(1);
  });

  it("never has its redirects followed", async () => {
    await using redis = await startRedis();
    await using target = await startReceiver();
    await using receiver = await startReceiver((response) =>
      response.writeHead(307, { location: target.url }).end(),
    );
    await using hookwave = await startHookwave(redis);
    await hookwave.endpoints.add({ url: receiver.url, retrySchedule: [] });

    await hookwave.publish({ type: "thing.made", data: {} });

    await until("it is buried", async () => (await storedLetters(hookwave)).length === 1);
    expect(target.requests).toHaveLength(0);
  });

  it("may be removed: what was still owed to it becomes a dead letter", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver(500);
    await using hookwave = await startHookwave(redis);
    const { id } = await hookwave.endpoints.add({ url: receiver.url, retrySchedule: [300] });
    await hookwave.publish({ type: "thing.made", data: {} });
    await receiver.received(1);

    await hookwave.endpoints.remove(id);

    await until(
      "it is buried",
      async () => (await storedLetters(hookwave))[0]?.letter.because === "endpoint_missing",
    );
    expect(receiver.requests).toHaveLength(1);
  });
});
