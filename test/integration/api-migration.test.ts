/** The migration over HTTP: what is shown, what may be set and by whom, and each refusal. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Answer, type Api, ask, publish, send, startApi } from "../support/api.ts";
import { type BusConsumer, listenToBus, registered } from "../support/bus.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis, type TestHookwave, type TestRedis } from "../support/service.ts";
import { until } from "../support/until.ts";
import { pointersOf } from "../support/webhooks.ts";

const PATH = "/api/v1/migration";
const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);

let redis: TestRedis;
let receiver: Receiver;
let bus: BusConsumer;
let hookwave: TestHookwave;
let api: Api;
beforeEach(async () => {
  redis = await startRedis();
  receiver = await startReceiver();
  bus = await listenToBus(redis.url);
  hookwave = await startHookwave(redis, { redisFallbackAfterMs: 1_000 });
  await hookwave.endpoints.add({ id: "default", url: receiver.url });
  api = await startApi(hookwave);
});
afterEach(async () => {
  await api.close();
  await hookwave.close();
  await bus[Symbol.asyncDispose]();
  await receiver.close();
  await redis[Symbol.asyncDispose]();
});

const set = (body: object): Promise<Answer> => send(api, "PUT", PATH, body);
const look = (): Promise<Answer> => send(api, "GET", PATH);

describe("GET /migration", () => {
  it("says that nobody has touched it, and how the bus is", async () => {
    await bus.redis.lpush("hokusai:model_ready_queue", "{}", "{}");
    expect(await look()).toMatchObject({
      status: 200,
      body: {
        ...{ phase: "webhook", version: 0, since: null, by: "default", reason: null },
        ...{ until: null, return_to: null, shares: { "*": 100 }, environment: null },
        ...{ backlog: 0, late: 0, bus: { list_length: 2, listeners: 1 }, history: [] },
      },
    });
  });

  it("shows what the environment said, which an earlier statement does not outlive", async () => {
    await set({ phase: "primary" });
    await using _other = await startHookwave(redis, { role: "api", enableRedisFallback: true });
    expect(await look()).toMatchObject({
      body: {
        ...{ phase: "dual", by: "environment", environment: { phase: "dual", shares: { "*": 100 } } },
        history: [{ from: "primary", to: "dual" }, { to: "primary" }],
      },
    });
  });
});

describe("PUT /migration", () => {
  it("sets the phase for a while, and says who did and why", async () => {
    const { token, id } = await hookwave.keys.create({ name: "ann", roles: ["admin"] });
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const body = JSON.stringify({ phase: "dual", for: "30m", reason: "rehearsal", percent: 10 });
    const answer = await ask(`${api.url}${PATH}`, { method: "PUT", headers, body });
    const by = `ann (${id})`;
    const standing = { until: TIME, return_to: "webhook", by, reason: "rehearsal", shares: { "*": 10 } };

    expect(answer).toMatchObject({
      status: 200,
      body: { phase: "dual", version: 1, since: TIME, ...standing },
    });
    expect(Object(answer.body).history).toEqual([
      { version: 1, from: "webhook", to: "dual", at: TIME, ...standing },
    ]);
    expect(await ask(`${api.url}${PATH}`, { headers })).toMatchObject({ body: answer.body as object });
  });

  it("names who is on this machine where there are no keys, and takes a share by type", async () => {
    expect(await set({ phase: "primary", percent: { "model.registered": 10 } })).toMatchObject({
      status: 200,
      body: { by: "loopback", shares: { "*": 100, "model.registered": 10 }, until: null },
    });
  });

  it("returns from a while within a while to what was set for good", async () => {
    await set({ phase: "dual" });
    await set({ phase: "redis", for: "30m" });
    expect(await set({ phase: "redis", for: "60m" })).toMatchObject({ body: { return_to: "dual" } });
    expect(await set({ phase: "primary", for: "1h", backlog: "deliver" })).toMatchObject({
      body: { phase: "primary", return_to: "dual" },
    });
  });

  it("refuses to leave redis undecided, and says how many and what to add", async () => {
    await set({ phase: "redis" });
    await hookwave.publish(registered("evt_1"));
    await until("its webhook is kept", async () => (await hookwave.migration.status()).backlog === 1);
    expect(await set({ phase: "dual" })).toMatchObject({
      status: 409,
      body: {
        code: "MIGRATION_REFUSED",
        expected: expect.stringContaining("webhooks of 1 event"),
        remedy: expect.stringContaining("--backlog deliver"),
      },
    });
    expect(await set({ phase: "dual", backlog: "deliver" })).toMatchObject({ status: 200 });
    await receiver.received(1);
  });

  it("refuses a share where nothing is shared", async () => {
    expect(await set({ phase: "redis", percent: 10 })).toMatchObject({
      status: 409,
      body: { code: "MIGRATION_REFUSED" },
    });
  });

  it.each([
    [{}, ["#/phase"]],
    [{ phase: "both" }, ["#/phase"]],
    [{ phase: "dual", for: "soon" }, ["#/for"]],
    [{ phase: "dual", for: "31d" }, ["#/for"]],
    [{ phase: "dual", for: "0.5" }, ["#/for"]],
    [{ phase: "dual", reason: "r".repeat(201) }, ["#/reason"]],
    [{ phase: "dual", backlog: "drop" }, ["#/backlog"]],
    [{ phase: "dual", percent: 10.5 }, ["#/percent"]],
    [{ phase: "dual", percent: { "Not a type": 1 } }, ["#/percent"]],
    [{ phase: "dual", until: "tomorrow" }, ["#"]],
  ])("refuses %j with a pointer", async (body, pointers) => {
    const answer = await set(body);
    expect(answer).toMatchObject({ status: 400, body: { code: "REQUEST_INVALID" } });
    expect(pointersOf(answer)).toEqual(pointers);
  });
});

describe("GET /migration/report", () => {
  it("counts both ways, names what is missing, and says why it is not safe", async () => {
    await set({ phase: "dual" });
    await hookwave.publish(registered("evt_good"));
    await receiver.received(1);
    receiver.replies(503);
    await hookwave.publish(registered("evt_owed"));
    const body = await until("the one is missing", async () => {
      const answer = await send(api, "GET", `${PATH}/report?since=2h&min_events=1&listeners=2&p99=10s`);
      const report = Object(answer.body);
      return report.missing.length === 1 && report.delivered === 1 && report;
    });
    expect(body).toMatchObject({
      ...{ verdict: "unsafe", phase: "dual", since: TIME, window_ms: 1_000, dispatched: 2, bus_only: 0 },
      ...{ on_bus: 2, delivered: 1, pending: 0, buried: 0, listeners: 1 },
      bus_latency: { p50_ms: expect.any(Number), p99_ms: expect.any(Number) },
      missing: [{ event_id: "evt_owed", side: "webhook", accepted_at: TIME, state: "retrying" }],
    });
    expect(body.because).toEqual([
      "compared for 0 minutes, which is less than an hour",
      "1 missing",
      "1 listeners on the channel, 2 expected",
    ]);
  });

  it.each(["since=1s", "min_events=-1", "p99=2h", "listeners=x", "sinse=1h"])("refuses %s", async (query) => {
    expect(await send(api, "GET", `${PATH}/report?${query}`)).toMatchObject({
      status: 400,
      body: { code: "REQUEST_INVALID" },
    });
  });
});

describe("while Redis is away", () => {
  it("nothing is shown or set, and that is no failure of ours", async () => {
    await redis.stop();
    await until("Redis is away", async () => !(await hookwave.isRedisReachable()));
    for (const answer of [await look(), await set({ phase: "dual" }), await publish(api, "{}")])
      expect([answer.status, Object(answer.body).code]).not.toContain("INTERNAL");
    expect(await look()).toMatchObject({ status: 503, body: { code: "REDIS_UNAVAILABLE" } });
    const toldAt = performance.now();
    await hookwave.close();
    expect(performance.now() - toldAt, "what waits for the bus keeps nobody").toBeLessThan(5_000);
  });
});
