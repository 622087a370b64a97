/** The live view over HTTP: who watches sees each attempt as it is made, comes back without a loss, and costs a bounded much. */
import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { startEmbeddedRedis } from "../../src/process/embedded-redis.ts";
import { type Api, ask, startApi } from "../support/api.ts";
import { watch } from "../support/live.ts";
import { startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis, type TestHookwave, type TestRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

const liveUrl = (api: Api, query = ""): string => `${api.url}/api/v1/live${query}`;

/** A service with a receiver that takes everything as `good`, and one that takes nothing as `bad`. */
async function openScene(options: Parameters<typeof startHookwave>[1] = {}) {
  const stack = new AsyncDisposableStack();
  const redis = stack.use(await startRedis());
  const hookwave = stack.use(await startHookwave(redis, options));
  const api = stack.use(await startApi(hookwave));
  const good = stack.use(await startReceiver());
  const bad = stack.use(await startReceiver(503));
  await hookwave.endpoints.add({ id: "good", url: good.url, events: ["work.*"] });
  await hookwave.endpoints.add({ id: "bad", url: bad.url, events: ["work.failed"], retrySchedule: [60_000] });
  return { redis, hookwave, api, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

const publish = (hookwave: TestHookwave, id: string, type = "work.done") =>
  hookwave.publish({ id, type, data: {} });

/** The server of a test once more, with what it had written. */
async function startAgain({ dataDir, url }: TestRedis) {
  const searchPath = process.env["PATH"] ?? "";
  const redis = await startEmbeddedRedis({ dataDir, searchPath, port: Number(new URL(url).port) });
  return { ...redis, [Symbol.asyncDispose]: redis.stop };
}

const readersOf = async (redisUrl: string): Promise<number> => {
  const admin = new Redis(redisUrl);
  const list = String(await admin.call("CLIENT", "LIST"));
  admin.disconnect();
  return list.split("\n").filter((line) => /cmd=xread\b/.test(line)).length;
};

describe("whoever watches", () => {
  it("gets each attempt as it is made, as a row of its webhook's log", async () => {
    await using scene = await openScene();
    const { hookwave, api } = scene;
    await using watching = await watch(liveUrl(api));
    await publish(hookwave, "evt_1", "work.failed");

    const attempts = await watching.attempts(2);
    const { body } = await ask(`${api.url}/api/v1/webhooks/bad/logs`);
    const { response_excerpt: _, ...row } = Object(body).data[0];

    expect(attempts.find(({ data }) => data["webhook_id"] === "bad")?.data).toEqual(row);
    expect(row).toMatchObject({ status: "retrying", outcome: "refused", response_status: 503 });
    expect(Object.fromEntries(watching.headers)).toMatchObject({
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store, no-transform",
      "x-accel-buffering": "no",
    });
  });

  it.each([
    ["type=work.failed", ["evt_2.bad", "evt_2.good"]],
    ["type=other.*", []],
    ["endpoint=bad", ["evt_2.bad"]],
    ["outcome=delivered", ["evt_1.good", "evt_2.good"]],
    ["outcome=retrying", ["evt_2.bad"]],
    ["outcome=refused&type=work.*", ["evt_2.bad"]],
    ["outcome=failed", []],
  ])("with ?%s gets those", async (query, expected) => {
    await using scene = await openScene();
    const { hookwave, api } = scene;
    await using all = await watch(liveUrl(api));
    await using some = await watch(liveUrl(api, `?${query}`));
    await publish(hookwave, "evt_1");
    await publish(hookwave, "evt_2", "work.failed");
    await all.attempts(3);
    await some.attempts(expected.length);

    expect(some.events.map(({ data }) => data["delivery_id"]).toSorted()).toEqual(expected);
  });

  it.each(["type=a..b", "endpoint=%2A", "outcome=good", "kind=all"])("is refused with ?%s", async (query) => {
    await using scene = await openScene({ role: "api" });
    expect(await ask(liveUrl(scene.api, `?${query}`))).toMatchObject({ status: 400 });
  });

  it("with a cursor that is none is refused", async () => {
    await using scene = await openScene({ role: "api" });
    const answer = await ask(liveUrl(scene.api), { headers: { "last-event-id": "nowhere" } });
    expect(answer).toMatchObject({ status: 400, body: { code: "CURSOR_INVALID" } });
  });
});

describe("whoever comes back", () => {
  it("with the id of the last event misses nothing and gets nothing twice", async () => {
    await using scene = await openScene();
    const { hookwave, api } = scene;
    await using first = await watch(liveUrl(api));
    await publish(hookwave, "evt_before");
    await first.attempts(1);
    await first.close();
    const missed = Array.from({ length: 300 }, (_, n) => `evt_${n}`);
    await hookwave.publishMany(missed.map((id) => ({ id, type: "work.done", data: {} })));
    await using other = await watch(liveUrl(api, `?after=${first.lastId()}`));
    await other.attempts(missed.length);

    await using back = await watch(liveUrl(api), { "last-event-id": first.lastId() });
    await back.attempts(missed.length);
    await publish(hookwave, "evt_after");
    await back.attempts(missed.length + 1);

    const ids = back.events.map(({ data }) => data["event_id"]);
    expect(ids.slice(0, -1).toSorted()).toEqual(missed.toSorted());
    expect(ids.at(-1)).toBe("evt_after");
    const halfway = back.events[149]?.id ?? "";
    await using rest = await watch(liveUrl(api, `?after=${halfway}`));
    await rest.attempts(151);
    expect(rest.events.map(({ data }) => data["event_id"])).toEqual(ids.slice(150));
  });

  it("who has seen no attempt yet has an id to come back with, too", async () => {
    await using scene = await openScene();
    const { hookwave, api } = scene;
    await using first = await watch(liveUrl(api));
    await first.close();
    await publish(hookwave, "evt_1");
    await using back = await watch(liveUrl(api), { "last-event-id": first.lastId() });
    expect((await back.attempts(1))[0]?.data).toMatchObject({ event_id: "evt_1" });
  });

  it("before there is anything is told once that something may be missing", async () => {
    await using scene = await openScene();
    await using back = await watch(liveUrl(scene.api), { "last-event-id": "1700000000000-0.0" });
    await until("it has looked", () => back.events.length > 0);
    await publish(scene.hookwave, "evt_1");
    await back.attempts(1);
    expect(back.events).toMatchObject([{ event: "dropped", data: { count: null } }, { event: "attempt" }]);
  });

  it("with a place behind the stream's end is told so, and hears what comes", async () => {
    await using scene = await openScene();
    await using back = await watch(liveUrl(scene.api), { "last-event-id": "9999999999999-0.0" });
    await until("it has looked", () => back.events.length > 0);
    await publish(scene.hookwave, "evt_1");
    await back.attempts(1);
    expect(back.events).toMatchObject([{ event: "dropped", data: { count: null } }, { event: "attempt" }]);
  });

  it("too late is told that something is missing", async () => {
    await using scene = await openScene();
    await publish(scene.hookwave, "evt_1");
    await using back = await watch(liveUrl(scene.api), { "last-event-id": "1700000000000-0.0" });
    await back.attempts(1);
    expect(back.events).toMatchObject([{ event: "dropped", data: { count: null } }, { event: "attempt" }]);
  });
});

describe("the reader", () => {
  it("is one for all who watch, and there only while somebody does", async () => {
    await using scene = await openScene({ role: "api" });
    const { redis, api } = scene;
    expect(await readersOf(redis.url)).toBe(0);
    const watching = await Promise.all([1, 2, 3].map(() => watch(liveUrl(api))));
    await until("it reads", async () => (await readersOf(redis.url)) === 1);
    await Promise.all(watching.map(({ close }) => close()));
    await until("it is gone", async () => (await readersOf(redis.url)) === 0);
  });

  it("waits for a Redis that is restarted, and goes on without a loss and without a storm in the log", async () => {
    await using scene = await openScene();
    const { redis, hookwave, api } = scene;
    await using watching = await watch(liveUrl(api));
    await publish(hookwave, "evt_1");
    await watching.attempts(1);
    await redis.stop();
    await until("Redis is away", async () => !(await hookwave.isRedisReachable()));
    const before = hookwave.happenings.length;
    await using waiting = await watch(liveUrl(api), { "last-event-id": watching.lastId() });
    await using back = await startAgain(redis);
    for (let n = 2; n <= 20; n += 1)
      await until(`event ${n} is published`, () => publish(hookwave, `evt_${n}`).then(() => true));

    const ids = (await watching.attempts(20)).map(({ data }) => data["event_id"]);
    expect(new Set(ids).size, "each once").toBe(20);
    expect((await waiting.attempts(19)).map(({ data }) => data["event_id"])).toEqual(ids.slice(1));
    const failures = hookwave.happenings
      .slice(before)
      .filter((one) => one.kind === "service.failed" && one.doing === "read_recent_attempts");
    expect(failures.length).toBeLessThan(5);
    expect(back.pid).not.toBe(redis.pid);
  });
});
