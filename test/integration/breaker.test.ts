/** The breaker on real receivers: it holds, it charges nothing, and a fleet behaves as one. */
import { describe, expect, it } from "vitest";
import { startReceiver } from "../support/receiver.ts";
import type { TestHookwave } from "../support/service.ts";
import { startHookwave, startRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

const quickBreaker = { breakerFailureThreshold: 5, breakerRecoveryMs: 1_500 } as const;

const publishSix = (hookwave: TestHookwave): Promise<unknown> =>
  hookwave.publishMany(Array.from({ length: 6 }, () => ({ type: "thing.made", data: {} })));

const breakerStates = ({ happenings }: TestHookwave): readonly string[] =>
  happenings.flatMap((one) => (one.kind === "breaker.changed" ? [one.state] : []));

describe("an endpoint's breaker", () => {
  it("opens after five failures, holds without charging an attempt, probes once, and lets the rest go", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver(500);
    await using hookwave = await startHookwave(redis, quickBreaker);
    // One retry only: if a hold were charged, the deliveries would be buried.
    await hookwave.endpoints.add({ url: receiver.url, retrySchedule: [100] });
    await publishSix(hookwave);
    await until("the breaker is open", () => breakerStates(hookwave).includes("open"));
    const atOpening = receiver.requests.length;
    await hookwave.publishMany(Array.from({ length: 20 }, () => ({ type: "thing.made", data: {} })));
    await until("all of them are held", () => {
      const held = hookwave.happenings.filter((one) => one.kind === "delivery.held");
      return new Set(held.map(({ deliveryId }) => deliveryId)).size >= 20;
    });
    expect(receiver.requests.length).toBe(atOpening);

    receiver.replies(200);

    await until("the held ones are delivered", () => {
      const delivered = hookwave.happenings.filter(
        (one) => one.kind === "attempt.finished" && one.record.outcome === "delivered",
      );
      return delivered.length >= 20;
    });
    expect(breakerStates(hookwave).slice(0, 3)).toEqual(["open", "half_open", "closed"]);
    const attempts = hookwave.happenings.filter((one) => one.kind === "attempt.finished");
    expect(
      attempts.filter(({ record }) => record.outcome === "delivered" && record.attemptNumber > 2),
    ).toEqual([]);
  });

  it("is opened again by a probe that fails", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver(500);
    await using hookwave = await startHookwave(redis, quickBreaker);
    await hookwave.endpoints.add({ url: receiver.url, retrySchedule: Array.from({ length: 10 }, () => 50) });

    await publishSix(hookwave);

    await until(
      "it has opened twice",
      () => breakerStates(hookwave).filter((state) => state === "open").length >= 2,
    );
    expect(breakerStates(hookwave).slice(0, 3)).toEqual(["open", "half_open", "open"]);
  });

  it("is one for the whole fleet: what one worker learned holds the other, and only one of them probes", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver(500);
    await using one = await startHookwave(redis, quickBreaker);
    await using two = await startHookwave(redis, quickBreaker);
    await one.endpoints.add({
      id: "ill",
      url: receiver.url,
      retrySchedule: Array.from({ length: 10 }, () => 50),
    });
    await publishSix(one);
    await until("both know that it is open", async () => {
      const states = await Promise.all(
        [one, two].map(async (worker) => (await worker.health()).data[0]?.breaker),
      );
      return states.every((state) => state === "open");
    });
    const beforeProbe = receiver.requests.length;

    await until("a probe has opened it again", () => receiver.requests.length > beforeProbe);

    expect(receiver.requests.length).toBe(beforeProbe + 1);
  });

  it("does not count a 4xx that says this payload is wrong", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver(422);
    await using hookwave = await startHookwave(redis, quickBreaker);
    await hookwave.endpoints.add({ url: receiver.url, retrySchedule: [] });

    await hookwave.publishMany(Array.from({ length: 30 }, () => ({ type: "thing.made", data: {} })));

    await receiver.received(30);
    await until("all are buried", async () => (await hookwave.queueCounts()).dead.depth === 30);
    expect(breakerStates(hookwave)).toEqual([]);
  });
});
