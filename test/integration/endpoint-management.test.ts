/** Endpoints as people change them while the service works, on a real Redis and with real receivers. */
import { randomBytes } from "node:crypto";
import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { openHookwave } from "../../src/app.ts";
import { summaries } from "../support/letters.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { LOOPBACK, startHookwave, startRedis, type TestHookwave } from "../support/service.ts";
import { until } from "../support/until.ts";

const HOUR_MS = 3_600_000;

const signaturesOf = (receiver: Receiver): readonly number[] =>
  receiver.requests.map(({ headers }) => String(headers["webhook-signature"]).split(" ").length);

async function deliverOne(hookwave: TestHookwave, receiver: Receiver): Promise<void> {
  const before = receiver.requests.length;
  await hookwave.publish({ type: "thing.made", data: {} });
  await receiver.received(before + 1);
}

describe("a secret that is rotated", () => {
  it("signs beside the one before it while the grace runs, in every process, and alone without grace", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver();
    await using worker = await startHookwave(redis);
    await using management = await startHookwave(redis, { role: "api" });
    const { id, secrets } = await management.endpoints.create({ url: receiver.url });
    await until("the worker knows it", () =>
      worker.endpoints.list().then((endpoints) => endpoints.length === 1),
    );
    await deliverOne(worker, receiver);

    const rotated = await management.endpoints.rotateSecret(id);
    expect(rotated.secrets[1]?.value).toBe(secrets[0]?.value);
    const endsInMs = (rotated.secrets[1]?.expiresAt ?? 0) - Date.parse(rotated.updatedAt);
    expect(endsInMs).toBe(24 * HOUR_MS);
    await until("the worker signs with both", async () => {
      await deliverOne(worker, receiver);
      return signaturesOf(receiver).at(-1) === 2;
    });
    await management.endpoints.rotateSecret(id, { graceMs: 0 });
    await until("the worker signs with the new one", async () => {
      await deliverOne(worker, receiver);
      return signaturesOf(receiver).at(-1) === 1;
    });
    expect(signaturesOf(receiver)[0]).toBe(1);
  });
});

describe("an endpoint that is there", () => {
  it("is not replaced by a new one of the same id", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis, { role: "api" });
    await hookwave.endpoints.create({ id: "one", url: "http://127.0.0.1:3000/" });

    await expect(
      hookwave.endpoints.create({ id: "one", url: "http://127.0.0.1:3001/" }),
    ).rejects.toMatchObject({ code: "ENDPOINT_CONFLICT" });

    expect(await hookwave.endpoints.get("one")).toMatchObject({ url: "http://127.0.0.1:3000/" });
  });

  it("keeps every change that several people make at once", async () => {
    await using redis = await startRedis();
    await using one = await startHookwave(redis, { role: "api" });
    await using other = await startHookwave(redis, { role: "api" });
    const { id } = await one.endpoints.create({ url: "http://127.0.0.1:3000/" });

    await Promise.all([
      one.endpoints.amend(id, { description: "a note" }),
      other.endpoints.amend(id, { maxInFlight: 3 }),
      one.endpoints.disable(id),
      other.endpoints.amend(id, { timeoutMs: 2_000 }),
    ]);

    expect(await one.endpoints.get(id)).toMatchObject({
      description: "a note",
      maxInFlight: 3,
      timeoutMs: 2_000,
      isActive: false,
    });
  });

  it("gets nothing while it is switched off, which is told, and again once it is on", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver();
    await using hookwave = await startHookwave(redis);
    const { id } = await hookwave.endpoints.create({ url: receiver.url, isActive: false });
    expect((await hookwave.endpoints.get(id)).disabledBecause).not.toBeNull();
    await hookwave.publish({ type: "thing.made", data: {} });
    await until("it is dispatched", async () => (await hookwave.queueCounts()).new.depth === 0);

    await hookwave.endpoints.enable(id);
    await deliverOne(hookwave, receiver);
    await hookwave.endpoints.disable(id, "moving house");

    expect(receiver.requests).toHaveLength(1);
    expect(hookwave.happenings).toContainEqual({
      kind: "endpoint.disabled",
      endpointId: id,
      because: "moving house",
    });
  });

  it("is told once as disabled, by whichever change it is switched off", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis);
    const url = "http://127.0.0.1:3000/";
    const changes: readonly ((id: string) => Promise<unknown>)[] = [
      (id) => hookwave.endpoints.amend(id, { isActive: false }),
      (id) => hookwave.endpoints.replace(id, { url, isActive: false }),
      (id) => hookwave.endpoints.disable(id),
    ];
    for (const change of changes) {
      const { id } = await hookwave.endpoints.create({ url });
      await change(id);
      await hookwave.endpoints.amend(id, { description: "still off" });
      const { disabledBecause: because } = await hookwave.endpoints.get(id);
      const told = hookwave.happenings.filter(
        (one) => one.kind === "endpoint.disabled" && one.endpointId === id,
      );
      expect(told).toEqual([{ kind: "endpoint.disabled", endpointId: id, because }]);
    }
  });

  it.each<[string, (hookwave: TestHookwave) => Promise<unknown>]>([
    ["shown", ({ endpoints }) => endpoints.get("none")],
    ["replaced", ({ endpoints }) => endpoints.replace("none", { url: "http://127.0.0.1:3000/" })],
    ["amended", ({ endpoints }) => endpoints.amend("none", {})],
    ["enabled", ({ endpoints }) => endpoints.enable("none")],
    ["disabled", ({ endpoints }) => endpoints.disable("none")],
    ["given a new secret", ({ endpoints }) => endpoints.rotateSecret("none")],
    ["removed", ({ endpoints }) => endpoints.remove("none")],
    ["asked for attempts", ({ endpoints }) => endpoints.attempts("none", {}, { after: null, limit: 1 })],
    ["asked for statistics", ({ endpoints }) => endpoints.statistics("none")],
  ])("or is not: then it cannot be %s", async (_what, attempt) => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis, { role: "api" });
    await expect(attempt(hookwave)).rejects.toMatchObject({ code: "ENDPOINT_UNKNOWN" });
  });
});

describe("a change", () => {
  it("is seen by whoever asks next, also in a process that was never started", async () => {
    await using redis = await startRedis();
    await using one = await startHookwave(redis, { role: "api" });
    const { url: redisUrl, dataDir } = redis;
    const idle = await openHookwave({ redisUrl, dataDir, ...LOOPBACK });
    const page = async () =>
      (await idle.endpoints.page({}, { after: null, limit: 9 })).data.map(({ id }) => id);
    await idle.untilConnected(2_000);

    const first = await one.endpoints.create({ url: "http://127.0.0.1:3000/" });
    expect(await page()).toEqual([first.id]);
    const second = await one.endpoints.create({ url: "http://127.0.0.1:3000/" });
    expect((await page()).toSorted()).toEqual([first.id, second.id].toSorted());
    await one.endpoints.remove(first.id);
    expect(await page()).toEqual([second.id]);
    await idle.close();
  });

  it("is one endpoint's to read for the fleet, not all; only one that was missed is all of them", async () => {
    await using redis = await startRedis();
    const client = new Redis(redis.url);
    // Before anybody speaks: ioredis trips over a command that is told in one packet with MONITOR's OK.
    const monitor = await client.monitor();
    const seen: string[] = [];
    monitor.on("monitor", (_time: string, words: readonly string[]) =>
      seen.push(words.slice(0, 2).join(" ")),
    );
    await using one = await startHookwave(redis, { role: "api" });
    await using other = await startHookwave(redis, { role: "api" });
    const count = (command: string) => seen.filter((words) => words === command).length;
    const polled = (times: number) => {
      const before = count("get {hookwave}:endpoints:version");
      return until("both have polled", () => count("get {hookwave}:endpoints:version") >= before + times);
    };

    await polled(2);
    const atStart = count("hgetall {hookwave}:endpoints");
    const { id } = await one.endpoints.create({ url: "http://127.0.0.1:3000/" });
    await Promise.all([other.endpoints.amend(id, { maxInFlight: 2 }), one.endpoints.disable(id)]);
    await one.endpoints.remove(id);
    await polled(4);
    expect(count("hgetall {hookwave}:endpoints")).toBe(atStart);

    await client.incr("{hookwave}:endpoints:version");
    await until("both have read all", () => count("hgetall {hookwave}:endpoints") >= atStart + 2);
    await polled(4);
    expect(count("hgetall {hookwave}:endpoints")).toBe(atStart + 2);
    monitor.disconnect();
    client.disconnect();
  });
});

describe("what an endpoint has seen", () => {
  it("is counted and logged, newest first, with what the receiver said", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver((response, { body }) =>
      response.writeHead(body.includes("job") ? 404 : 200).end("no such hook"),
    );
    await using hookwave = await startHookwave(redis);
    const { id } = await hookwave.endpoints.create({ url: receiver.url, retrySchedule: [10] });
    await deliverOne(hookwave, receiver);
    await hookwave.publish({ type: "job.done", data: {} });
    await until("it is given up", async () => (await hookwave.queueCounts()).dead.depth === 1);
    await until("it is counted", async () => (await hookwave.endpoints.statistics(id)).buried === 1);

    const statistics = await hookwave.endpoints.statistics(id);
    expect(statistics).toMatchObject({ delivered: 1, buried: 1, waiting: 0, lastDay: { attempts: 3 } });
    expect(statistics.lastDay.p99Ms).not.toBeNull();
    const { data, next } = await hookwave.endpoints.attempts(id, {}, { after: null, limit: 2 });
    expect(data.map(({ record, excerpt }) => [record.eventType, record.verdict, excerpt])).toEqual([
      ["job.done", "bury", "no such hook"],
      ["job.done", "retry", "no such hook"],
    ]);
    const rest = await hookwave.endpoints.attempts(id, {}, { after: next, limit: 2 });
    expect(rest.data.map(({ record }) => record.eventType)).toEqual(["thing.made"]);
    expect(rest.next).toBeNull();
  });

  it("is gone from Redis with the endpoint, and what it was still owed becomes a dead letter", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver(503);
    await using hookwave = await startHookwave(redis, { breakerFailureThreshold: 1 });
    const { id } = await hookwave.endpoints.create({ url: receiver.url, retrySchedule: [1_000] });
    await hookwave.publish({ type: "thing.made", data: {} });
    const client = new Redis(redis.url);
    const keysOfIt = () => client.keys(`*${id}*`);
    await until("its breaker is open", () => client.hexists("{hookwave}:breakers", id));
    await until("it has waited", async () => (await keysOfIt()).length >= 4);

    await hookwave.endpoints.remove(id);

    expect(await keysOfIt()).toEqual([]);
    expect(await client.hlen("{hookwave}:breakers")).toBe(0);
    await until("it is a dead letter", async () => (await hookwave.queueCounts()).dead.depth === 1);
    expect(await summaries(hookwave)).toMatchObject([{ because: "endpoint_missing" }]);
    expect(await keysOfIt(), "nothing is begun again").toEqual([`{hookwave}:letters:${id}`]);
    client.disconnect();
  });
});

describe("an attempt that fails after its endpoint was removed", () => {
  it("opens no breaker, which nobody would ever close", async () => {
    await using redis = await startRedis();
    let fail = (): void => undefined;
    await using receiver = await startReceiver((response) => {
      fail = () => response.writeHead(503).end();
    });
    await using hookwave = await startHookwave(redis, { breakerFailureThreshold: 1 });
    const { id } = await hookwave.endpoints.create({ url: receiver.url, retrySchedule: [] });
    await deliverOne(hookwave, receiver);

    await hookwave.endpoints.remove(id);
    fail();
    await until("it is a dead letter", async () => (await hookwave.queueCounts()).dead.depth === 1);
    await until("the event's job is done", async () => (await hookwave.queueCounts()).new.depth === 0);

    const client = new Redis(redis.url);
    expect(await client.exists("{hookwave}:breakers", `{hookwave}:health:${id}`)).toBe(0);
    client.disconnect();
  });
});

describe("the encryption key", () => {
  it("is replaced without a pause: both keys open, a start seals everything anew, and the old one is let go", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver();
    const [old, fresh] = [randomBytes(32), randomBytes(32)];
    await using before = await startHookwave(redis, { encryptionKey: old, encryptionKeyPrevious: fresh });
    const { id } = await before.endpoints.create({ url: receiver.url });
    const sealed = await before.endpoints.get(id);

    await using both = await startHookwave(redis, { encryptionKey: fresh, encryptionKeyPrevious: old });
    expect(both.happenings).toContainEqual(
      expect.objectContaining({ kind: "service.noticed", notice: expect.stringMatching(/^1 endpoint/) }),
    );
    expect(await before.endpoints.get(id), "who has both keys reads it").toEqual(sealed);
    await deliverOne(before, receiver);

    await using after = await startHookwave(redis, { encryptionKey: fresh });
    expect(await after.endpoints.get(id)).toEqual(sealed);
    await expect(startHookwave(redis, { encryptionKey: old })).rejects.toMatchObject({
      code: "SECRET_UNREADABLE",
    });
  });
});
