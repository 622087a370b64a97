/** The breaker on real receivers: it holds, it charges nothing, and a fleet behaves as one. */
import { once } from "node:events";
import { createServer } from "node:http";
import { describe, expect, it } from "vitest";
import { keptPort } from "../support/kept-port.ts";
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
    const probes = (): number => breakerStates(hookwave).filter((state) => state === "half_open").length;
    await hookwave.publishMany(Array.from({ length: 20 }, () => ({ type: "thing.made", data: {} })));
    await until("all of them are held", () => {
      const held = hookwave.happenings.filter((one) => one.kind === "delivery.held");
      return new Set(held.map(({ deliveryId }) => deliveryId)).size >= 20;
    });
    // A busy machine may take so long for that that a probe is due before.
    expect(receiver.requests.length).toBeLessThanOrEqual(atOpening + probes());

    receiver.replies(200);

    await until("the held ones are delivered", () => {
      const delivered = hookwave.happenings.filter(
        (one) => one.kind === "attempt.finished" && one.record.outcome === "delivered",
      );
      return delivered.length >= 20;
    });
    expect(breakerStates(hookwave).join(" ")).toMatch(/^(?:open half_open )+closed/);
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

describe("the breaker of an origin", () => {
  const ENDPOINTS = 12;
  const originStates = ({ happenings }: TestHookwave): readonly string[] =>
    happenings.flatMap((one) => (one.kind === "breaker.changed" && one.origin !== null ? [one.state] : []));
  const attempts = ({ happenings }: TestHookwave) =>
    happenings.flatMap((one) => (one.kind === "attempt.finished" ? [one.record] : []));

  /** Endpoints that share a host on which nobody listens until `open` is called. */
  async function startAtOneHost() {
    const port = await keptPort();
    const paths: string[] = [];
    const server = createServer((request, response) => {
      paths.push(request.url ?? "");
      request.resume();
      request.on("end", () => response.writeHead(200).end());
    });
    const redis = await startRedis();
    const hookwave = await startHookwave(redis, quickBreaker);
    for (let n = 0; n < ENDPOINTS; n += 1)
      await hookwave.endpoints.add({
        id: `ep-${n}`,
        url: `http://127.0.0.1:${port}/${n}`,
        retrySchedule: [100],
      });
    return {
      hookwave,
      paths,
      open: () => once(server.listen(port, "127.0.0.1"), "listening"),
      [Symbol.asyncDispose]: async () => {
        await hookwave.close();
        server.closeAllConnections();
        server.close();
        await redis[Symbol.asyncDispose]();
      },
    };
  }

  it("holds what goes to any of its endpoints, and charges none of them, until one probe gets through", async () => {
    await using host = await startAtOneHost();
    const { hookwave, paths, open } = host;
    await publishSix(hookwave);
    await until("the origin's breaker is open", () => originStates(hookwave).includes("open"));
    // Those that had begun before may end; each is an endpoint's first, or its only retry.
    await until("nothing is in work", async () => (await hookwave.queueCounts()).new.depth === 0);
    const before = attempts(hookwave).length;

    const ids = Array.from({ length: 5 }, (_, n) => `evt_late_${n}`);
    await hookwave.publishMany(ids.map((id) => ({ id, type: "thing.made", data: {} })));
    await until("they are held", () => {
      const held = hookwave.happenings.filter((one) => one.kind === "delivery.held");
      return new Set(held.map(({ deliveryId }) => deliveryId)).size >= 5 * ENDPOINTS;
    });
    const { data } = await hookwave.health();
    // Half-open where a probe has become due meanwhile.
    expect(data.map(({ breaker }) => breaker)).not.toContain("closed");
    const probes = originStates(hookwave).filter((state) => state === "half_open").length;
    expect(attempts(hookwave).length - before).toBeLessThanOrEqual(probes);

    await open();

    await until("nothing waits any more", async () => {
      const { new: fresh, retrying } = await hookwave.queueCounts();
      return fresh.depth + retrying.depth === 0;
    });
    expect(originStates(hookwave).at(-1)).toBe("closed");
    const late = attempts(hookwave).filter(
      ({ eventId, outcome }) => ids.includes(eventId) && outcome === "delivered",
    );
    expect(late).toHaveLength(ids.length * ENDPOINTS);
    expect(new Set(paths).size).toBe(ENDPOINTS);
  });

  it("stays closed where the host answers: one path's errors are its own", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver((response, { headers }) => {
      response.writeHead(headers["x-ill"] === undefined ? 200 : 500).end();
    });
    await using hookwave = await startHookwave(redis, quickBreaker);
    await hookwave.endpoints.add({
      id: "ill",
      url: `${receiver.url}/ill`,
      headers: { "X-Ill": "1" },
      retrySchedule: [],
    });
    await hookwave.endpoints.add({ id: "well", url: `${receiver.url}/well` });

    await publishSix(hookwave);
    await until("the ill one's breaker is open", () => breakerStates(hookwave).includes("open"));
    await publishSix(hookwave);

    await until("the well one has all", () => {
      const delivered = attempts(hookwave).filter(({ outcome }) => outcome === "delivered");
      return delivered.length === 12;
    });
    expect(originStates(hookwave)).toEqual([]);
  });
});
