/** POST /api/v1/webhooks/{id}/test: a real exchange with a real receiver, seen whole, and no trace of it afterwards. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ProfileName } from "../../src/core/endpoint.ts";
import { verify } from "../../src/receiver/index.ts";
import { type Answer, type Api, post, startApi } from "../support/api.ts";
import { selfSigned } from "../support/certificates.ts";
import { startRawReceiver } from "../support/raw-receiver.ts";
import { startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis, type TestHookwave, type TestRedis } from "../support/service.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

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

describe("a test of a webhook", () => {
  it("sends a signed event at once, without any worker, and shows the whole exchange", async () => {
    await using receiver = await startReceiver((response) =>
      response
        .writeHead(202, { "x-request-id": "r-1", "set-cookie": "session=of-the-receiver" })
        .end("thanks"),
    );
    await hookwave.endpoints.add({
      id: "whole",
      url: `${receiver.url}?token=in-the-url`,
      secrets: [SECRET],
      headers: { "X-Api-Key": "opens the receiver" },
    });

    const answer = await test("whole");

    const [request] = receiver.requests;
    const verified = await verify(request?.body ?? "", request?.headers ?? {}, SECRET);
    expect(verified).toMatchObject({ type: "webhook.test" });
    expect(request?.headers["x-api-key"]).toBe("opens the receiver");
    expect(answer).toMatchObject({
      status: 200,
      body: {
        event: { id: request?.headers["webhook-id"], type: "webhook.test" },
        request: {
          method: "POST",
          url: `${new URL(receiver.url).origin}/***`,
          headers: {
            "X-Api-Key": "••••",
            "webhook-signature": request?.headers["webhook-signature"],
            "webhook-timestamp": request?.headers["webhook-timestamp"],
          },
          body: String(request?.body),
        },
        response: {
          status: 202,
          headers: { "x-request-id": "r-1", "set-cookie": "••••" },
          body_excerpt: "thanks",
        },
        timings: { dns_ms: null, connect_ms: expect.any(Number), tls_ms: null, total_ms: expect.any(Number) },
        outcome: "delivered",
        reason: null,
        detail: null,
        hints: [],
      },
    });
    const text = JSON.stringify(answer.body);
    for (const secret of [SECRET, "opens the receiver", "in-the-url", "of-the-receiver"])
      expect(text).not.toContain(secret);
  });

  it("sends the data that it is given byte for byte, and a known type's example when it is given none", async () => {
    await using receiver = await startReceiver();
    await hookwave.endpoints.add({ id: "bytes", url: receiver.url, profile: "hokusai", secrets: ["s"] });

    await test("bytes", '{"data": { "n":12345678901234567890, "a":1.0 }, "type":"thing.made"}');
    await test("bytes", '{"type":"model.registered"}');
    await test("bytes", '{"type":"thing.made"}');

    const [given, example, nothing] = receiver.requests.map(({ body }) => String(body));
    expect(given).toBe('{ "n":12345678901234567890, "a":1.0 }');
    expect(JSON.parse(example ?? "")).toMatchObject({ model_id: expect.any(String) });
    expect(nothing).toBe("{}");
  });

  it.each<[ProfileName, string]>([
    ["hokusai", '{"type":"model.registered"}'],
    ["klipstream", '{"type":"job.completed"}'],
    ["ai-core", '{"type":"task_completed"}'],
    ["llm-service", '{"type":"workflow.completed"}'],
    ["github", '{"type":"thing.made"}'],
    ["stripe", '{"type":"thing.made","data":{"type":"thing.made"}}'],
  ])("is signed as profile %s signs deliveries", async (profile, body) => {
    await using receiver = await startReceiver();
    await hookwave.endpoints.add({ id: `as-${profile}`, url: receiver.url, profile, secrets: [SECRET] });

    expect(await test(`as-${profile}`, body)).toMatchObject({ body: { outcome: "delivered" } });

    const [request] = receiver.requests;
    const options = { profile, targetUri: receiver.url };
    const verified = await verify(request?.body ?? "", request?.headers ?? {}, SECRET, options);
    expect(verified.type).toBe(JSON.parse(body).type);
  });

  it("goes to a webhook that is disabled, too, and leaves it so", async () => {
    await using receiver = await startReceiver();
    await hookwave.endpoints.add({ id: "off", url: receiver.url });
    await hookwave.endpoints.disable("off");

    expect(await test("off")).toMatchObject({ status: 200, body: { outcome: "delivered" } });

    expect(await hookwave.endpoints.get("off")).toMatchObject({ isActive: false });
  });

  it("leaves no trace: no attempt, no record, no failure that a breaker would count, and no disabling", async () => {
    await using receiver = await startReceiver(410);
    await hookwave.endpoints.add({ id: "untouched", url: receiver.url });
    const before = hookwave.happenings.length;

    for (let n = 0; n < 10; n += 1) await test("untouched");

    expect(receiver.requests).toHaveLength(10);
    expect(hookwave.happenings.slice(before)).toEqual([]);
    const page = { after: null, limit: 100 };
    expect(await hookwave.endpoints.attempts("untouched", {}, page)).toEqual({ data: [], next: null });
    expect(await hookwave.endpoints.get("untouched")).toMatchObject({ isActive: true });
    expect((await hookwave.health()).data.find(({ id }) => id === "untouched")).toMatchObject({
      breaker: "closed",
      failingSince: null,
    });
  });

  it("does not show what a receiver echoes of a masked header", async () => {
    await using receiver = await startReceiver((response, { headers }) =>
      response.writeHead(200, { "x-echo": String(headers["x-api-key"]) }).end(JSON.stringify(headers)),
    );
    await hookwave.endpoints.add({
      id: "echo",
      url: receiver.url,
      headers: { "X-Api-Key": "opens-the-receiver" },
    });

    const { body } = await test("echo");

    expect(receiver.requests[0]?.headers["x-api-key"]).toBe("opens-the-receiver");
    expect(body).toMatchObject({ response: { body_excerpt: expect.stringContaining('"x-api-key":"••••"') } });
    expect(JSON.stringify(body)).not.toContain("opens-the-receiver");
  });
});

describe("a test that fails", () => {
  it.each<[string, number, RegExp]>([
    ["wrong secret", 401, /standard: webhook-signature is/],
    ["wrong path", 404, /nothing at this path/],
    ["other methods", 405, /POST/],
    ["its own trouble", 500, /The receiver failed/],
  ])("says what may help: %s", async (_what, status, hint) => {
    await using receiver = await startReceiver(status);
    await hookwave.endpoints.add({ id: "refuses", url: receiver.url });
    expect(await test("refuses")).toMatchObject({
      status: 200,
      body: {
        outcome: "refused",
        reason: null,
        response: { status },
        hints: expect.arrayContaining([expect.stringMatching(hint)]),
      },
    });
  });

  it("never follows a redirect", async () => {
    await using elsewhere = await startReceiver();
    await using receiver = await startReceiver((response) =>
      response.writeHead(302, { location: elsewhere.url }).end(),
    );
    await hookwave.endpoints.add({ id: "moved", url: receiver.url });

    expect(await test("moved")).toMatchObject({
      body: { outcome: "refused", response: { status: 302, headers: { location: elsewhere.url } } },
    });

    expect(elsewhere.requests).toHaveLength(0);
  });

  it("names a self-signed certificate, and sends nothing to it", async () => {
    const receiver = await startRawReceiver(() => undefined, selfSigned("127.0.0.1"));
    await hookwave.endpoints.add({ id: "self-signed", url: receiver.url });

    const answer = await test("self-signed");

    await receiver.close();
    expect(answer).toMatchObject({
      status: 200,
      body: {
        outcome: "unreachable",
        reason: "tls",
        detail: "DEPTH_ZERO_SELF_SIGNED_CERT",
        response: null,
        timings: { connect_ms: expect.any(Number), tls_ms: null, first_byte_ms: null },
        hints: [expect.stringContaining("self-signed")],
      },
    });
    expect(receiver.requests).toHaveLength(0);
  });

  it("names a port where nobody listens", async () => {
    const receiver = await startReceiver();
    await receiver.close();
    await hookwave.endpoints.add({ id: "nobody", url: receiver.url });
    expect(await test("nobody")).toMatchObject({
      status: 200,
      body: { outcome: "unreachable", reason: "connect", detail: "ECONNREFUSED", response: null },
    });
  });

  it("goes through the guard: where an address is not allowed, nothing is sent", async () => {
    await using receiver = await startReceiver();
    await hookwave.endpoints.add({ id: "inside", url: receiver.url });
    await using strict = await startHookwave(redis, { role: "api", allowPrivateNetworks: [] });
    await using strictApi = await startApi(strict);

    const answer = await post(strictApi, "/api/v1/webhooks/inside/test");

    expect(answer).toMatchObject({
      status: 200,
      body: {
        outcome: "blocked",
        reason: "blocked_destination",
        response: null,
        hints: [expect.stringMatching(/IPv4.*ALLOW_PRIVATE_NETWORKS with 127\.0\.0\.0\/8/)],
      },
    });
    expect(receiver.requests).toHaveLength(0);
  });
});
