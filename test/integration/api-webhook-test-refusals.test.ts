/** What POST /api/v1/webhooks/{id}/test refuses, and what becomes of a test that is under way. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Answer, type Api, post, startApi } from "../support/api.ts";
import { startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis, type TestHookwave, type TestRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

let redis: TestRedis;
let hookwave: TestHookwave;
let api: Api;
beforeAll(async () => {
  redis = await startRedis();
  hookwave = await startHookwave(redis, { role: "api" });
  api = await startApi(hookwave);
});
afterAll(async () => {
  await api.close();
  await hookwave.close();
  await redis[Symbol.asyncDispose]();
});

const test = (id: string, body?: string): Promise<Answer> => post(api, `/api/v1/webhooks/${id}/test`, body);

describe("a test that is refused", () => {
  it("is one of a webhook that does not exist", async () => {
    expect(await test("nowhere")).toMatchObject({ status: 404, body: { code: "ENDPOINT_UNKNOWN" } });
  });

  it.each<[string, string, number, string]>([
    ["a body that is not JSON", "{", 400, "REQUEST_INVALID"],
    ["a body that is no object", '["thing.made"]', 400, "REQUEST_INVALID"],
    ["a member nobody knows", '{"typ":"thing.made"}', 400, "REQUEST_INVALID"],
    ["a type that is no name", '{"type":"Thing!"}', 422, "EVENT_INVALID"],
    ["data that its type does not promise", '{"type":"job.completed","data":{}}', 422, "EVENT_INVALID"],
    ["too much data", `{"data":{"x":"${"x".repeat(300_000)}"}}`, 413, "EVENT_TOO_LARGE"],
  ])("has %s", async (_what, body, status, code) => {
    await using receiver = await startReceiver();
    await hookwave.endpoints.add({ id: "careful", url: receiver.url });
    expect(await test("careful", body)).toMatchObject({ status, body: { code } });
    expect(receiver.requests).toHaveLength(0);
  });

  it("comes while another one of the same webhook is under way", async () => {
    const waiting: (() => void)[] = [];
    await using receiver = await startReceiver((response) =>
      waiting.push(() => response.writeHead(200).end()),
    );
    await hookwave.endpoints.add({ id: "slow", url: receiver.url });
    const first = test("slow");
    await receiver.received(1);

    expect(await test("slow")).toMatchObject({ status: 409, body: { code: "TEST_RUNNING" } });

    waiting[0]?.();
    expect(await first).toMatchObject({ status: 200, body: { outcome: "delivered" } });
    const next = test("slow");
    await receiver.received(2);
    waiting[1]?.();
    expect(await next).toMatchObject({ status: 200 });
  });
});

describe("a test under way", () => {
  it("ends when the service closes, which does not wait for a receiver that hangs", async () => {
    await using own = await startRedis();
    await using receiver = await startReceiver(() => undefined);
    const closing = await startHookwave(own, { role: "api" });
    await using door = await startApi(closing);
    await closing.endpoints.add({ id: "hangs", url: receiver.url, timeoutMs: 300_000 });
    const asked = post(door, "/api/v1/webhooks/hangs/test");
    await receiver.received(1);

    await closing.close();

    expect(await asked).toMatchObject({ status: 503, body: { code: "CLOSED" } });
  });

  it("cannot begin while Redis is away", async () => {
    await using own = await startRedis();
    await using away = await startHookwave(own, { role: "api" });
    await using door = await startApi(away);
    await own.stop();
    await until("Redis is away", async () => !(await away.isRedisReachable()));
    expect(await post(door, "/api/v1/webhooks/any/test")).toMatchObject({
      status: 503,
      body: { code: "REDIS_UNAVAILABLE" },
    });
  });
});
