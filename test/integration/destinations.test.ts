/** An event that brings its own receivers along: signed, guarded, retried and given up like any other. */
import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { accepts, incoming } from "../support/family-receivers.ts";
import { storedLetters } from "../support/letters.ts";
import { startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis, type TestHookwave } from "../support/service.ts";
import { until } from "../support/until.ts";

const SECRET = "a secret shared with the callers of ai-core";
const NOWHERE = "http://127.0.0.1:8080/unused";
const data = { task_id: "9b2e4c1a-6f0d-4d3b-8a75-1c2d3e4f5a6b", timestamp: "2025-03-04T05:06:07Z" };

/** An endpoint that only signs: it subscribed to nothing. */
const addSigner = (hookwave: TestHookwave, retrySchedule: readonly number[] = []) =>
  hookwave.endpoints.add({
    id: "ai-core",
    url: NOWHERE,
    events: [],
    profile: "ai-core",
    secrets: [SECRET],
    headers: { "User-Agent": "AI-Core/2", Authorization: "Bearer for the signer's own receiver" },
    signsDestinations: true,
    retrySchedule,
  });

describe("an event with destinations", () => {
  it("reaches each that wants it, signed with the key it names, and no other endpoint's headers", async () => {
    await using redis = await startRedis();
    await using starter = await startReceiver();
    await using other = await startReceiver();
    await using subscriber = await startReceiver();
    await using hookwave = await startHookwave(redis);
    await addSigner(hookwave);
    await hookwave.endpoints.add({ url: subscriber.url });

    const destinations = [
      { url: starter.url, events: ["progress", "completed"], keyId: "ai-core" },
      { url: other.url, events: ["failed"], keyId: "ai-core" },
    ];
    const { id } = await hookwave.publish({ type: "task_completed", data, destinations });

    const [request] = await starter.received(1);
    await subscriber.received(1);
    const sent = incoming(starter.url, String(request?.body), request?.headers ?? {});
    expect(await accepts["ai-core"](sent, SECRET)).toBe(true);
    expect(sent.body).toBe(
      `{"event_id":"${id}","event_name":"task_completed","event_payload":${JSON.stringify(data)}}`,
    );
    expect(request?.headers).toMatchObject({ "webhook-id": id, "user-agent": "AI-Core/2" });
    expect(request?.headers).not.toHaveProperty("authorization");
    await until("nothing is left to do", async () => (await hookwave.queueCounts()).new.depth === 0);
    expect(other.requests).toEqual([]);
  });

  it("is retried, and known by one id over all attempts; a 410 is given up without disabling the signer", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver(503, 410);
    await using hookwave = await startHookwave(redis);
    await addSigner(hookwave, [20, 20, 20]);

    const destinations = [{ url: receiver.url, keyId: "ai-core" }];
    const { id } = await hookwave.publish({
      type: "task_failed",
      data: { ...data, error: { code: 7, message: "no" } },
      destinations,
    });

    const [stored] = await until("it is buried", async () => {
      const letters = await storedLetters(hookwave);
      return letters.length > 0 && letters;
    });
    expect(receiver.ids()).toEqual([id, id]);
    expect(stored?.letter).toMatchObject({
      because: "gone",
      delivery: { endpointId: expect.stringMatching(/^dst_/), destination: { url: receiver.url } },
    });
    expect(JSON.stringify(stored)).not.toContain(SECRET);
    expect((await hookwave.endpoints.list()).map(({ isActive }) => isActive)).toEqual([true]);
    const troubles = hookwave.happenings.filter(
      ({ kind }) => kind === "service.failed" || kind === "endpoint.disabled",
    );
    expect(troubles).toEqual([]);

    receiver.replies(200);
    await hookwave.deadLetters.replay(stored?.id ?? "");
    await receiver.received(3);
    expect(receiver.ids()).toEqual([id, id, id]);
  });

  it("is held by a breaker of its own, which the signer's and the metrics know nothing of", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver(500);
    await using hookwave = await startHookwave(redis, { breakerFailureThreshold: 2 });
    await addSigner(hookwave, [5_000]);

    const destinations = [{ url: receiver.url, keyId: "ai-core" }];
    for (let n = 0; n < 3; n += 1) await hookwave.publish({ type: "thing.made", data: { n }, destinations });

    const opened = await until("a breaker opens", () =>
      hookwave.happenings.find(({ kind }) => kind === "breaker.changed"),
    );
    expect(opened).toMatchObject({ endpointId: expect.stringMatching(/^dst_/), state: "open" });
    expect((await hookwave.health()).data.map(({ breaker }) => breaker)).toEqual(["closed"]);
    expect(await hookwave.metrics.expose()).not.toContain("dst_");
  });

  it("is blocked where the address guard blocks", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver();
    await using hookwave = await startHookwave(redis, { allowPrivateNetworks: [] });
    await hookwave.endpoints.add({
      id: "default",
      url: "https://receiver.example.com/",
      events: [],
      signsDestinations: true,
      retrySchedule: [],
    });

    await hookwave.publish({ type: "thing.made", data: {}, destinations: [{ url: receiver.url }] });

    await until("it is buried", async () => (await storedLetters(hookwave)).length > 0);
    const [stored] = await storedLetters(hookwave);
    expect(stored?.letter).toMatchObject({ delivery: { attempts: [{ outcome: "blocked" }] } });
    expect(receiver.requests).toEqual([]);
  });

  it.each([
    ["no endpoint has the key's id", { keyId: "unknown" }],
    ["the endpoint does not sign for destinations", { keyId: "own-use" }],
    ["the key is not for this profile", { keyId: "ai-core", profile: "github" as const }],
  ])("becomes a dead letter, unsent, where %s", async (_, named) => {
    await using redis = await startRedis();
    await using receiver = await startReceiver();
    await using hookwave = await startHookwave(redis);
    await addSigner(hookwave);
    await hookwave.endpoints.add({ id: "own-use", url: NOWHERE, events: ["nothing.ever"] });

    await hookwave.publish({ type: "thing.made", data: {}, destinations: [{ url: receiver.url, ...named }] });

    await until("it is buried", async () => (await storedLetters(hookwave)).length > 0);
    const [stored] = await storedLetters(hookwave);
    expect(stored?.letter).toMatchObject({ because: "endpoint_missing" });
    expect(receiver.requests).toEqual([]);
  });

  it("is refused by the SDK, and buried when it came in a plain job, if its destinations cannot be read", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver();
    await using hookwave = await startHookwave(redis);
    await addSigner(hookwave);
    const connection = new Redis(redis.url, { maxRetriesPerRequest: null });
    const events = new Queue("events", { connection, prefix: "{hookwave}" });

    const event = { type: "thing.made", data: {} };
    const destinations = [{ url: receiver.url, keyId: "ai-core" }];
    const broken = [{ url: receiver.url, secret: SECRET }];
    await expect(hookwave.publish({ ...event, destinations: broken })).rejects.toMatchObject({
      code: "EVENT_INVALID",
      got: expect.stringContaining('got "secret"'),
    });
    await events.add("any", [
      { ...event, id: "evt_good", destinations },
      { ...event, id: "evt_broken", destinations: broken },
    ]);

    await receiver.received(1);
    await until("the other is buried", async () => (await storedLetters(hookwave)).length > 0);
    const [stored] = await storedLetters(hookwave);
    expect(stored?.letter).toMatchObject({
      because: "invalid",
      problem: expect.stringContaining("destinations[0]: expected only url, events, profile, keyId"),
    });
    expect(receiver.ids()).toEqual(["evt_good"]);
    await events.close();
    connection.disconnect();
  });

  it("leaves nothing behind for a URL that is never used again", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver();
    await using hookwave = await startHookwave(redis);
    await addSigner(hookwave);
    const connection = new Redis(redis.url);
    // A breaker that opened two days ago, for a destination that nobody has named since.
    await connection.hset("{hookwave}:breakers", "dst_old", Date.now() - 2 * 86_400_000, "ep_old", 1);

    const destinations = [{ url: receiver.url, keyId: "ai-core" }];
    await hookwave.publish({ type: "task_started", data, destinations });
    await receiver.received(1);

    await until(
      "the breaker is forgotten",
      async () => !(await connection.hexists("{hookwave}:breakers", "dst_old")),
    );
    expect(await connection.hexists("{hookwave}:breakers", "ep_old")).toBe(1);
    await until("the attempt is recorded", async () => (await connection.keys("*:attempts:dst_*"))[0]);
    const kept = (await connection.keys("*dst_*")).filter((key) => !key.includes(":attempts:"));
    expect(kept).toEqual([]);
    const [attempts = ""] = await connection.keys("*:attempts:dst_*");
    expect(await connection.pttl(attempts)).toBeGreaterThan(0);
    connection.disconnect();
  });
});
