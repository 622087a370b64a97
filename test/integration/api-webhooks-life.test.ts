/** The life of a webhook over real HTTP: on, off, a new secret, gone; unknown, or not to be reached. */
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ask, send } from "../support/api.ts";
import { secretOf } from "../support/secret-of.ts";
import { until } from "../support/until.ts";
import { startWebhookService, URL_OF_NOBODY, WEBHOOKS, type WebhookService } from "../support/webhooks.ts";

let service: WebhookService;
beforeAll(async () => {
  service = await startWebhookService();
});
afterAll(() => service[Symbol.asyncDispose]());

describe("a webhook that is switched, given a new secret, or removed", () => {
  it("is off, on, and gone", async () => {
    const id = await service.make();
    const off = await send(service.api, "POST", `${WEBHOOKS}/${id}/disable`);
    expect(off).toMatchObject({
      status: 200,
      body: { is_active: false, disabled_because: expect.any(String) },
    });
    const on = await send(service.api, "POST", `${WEBHOOKS}/${id}/enable`);
    expect(on).toMatchObject({ status: 200, body: { is_active: true, disabled_because: null } });
    expect(await send(service.api, "DELETE", `${WEBHOOKS}/${id}`)).toMatchObject({ status: 204, body: "" });
    expect(await send(service.api, "GET", `${WEBHOOKS}/${id}`)).toMatchObject({ status: 404 });
  });

  it("is off for the reason that is given, unless that is none", async () => {
    const id = await service.make();
    const disable = (because: unknown) => send(service.api, "POST", `${WEBHOOKS}/${id}/disable`, { because });
    expect(await disable("moving house")).toMatchObject({
      status: 200,
      body: { is_active: false, disabled_because: "moving house" },
    });
    for (const because of ["", "x".repeat(201), 7])
      expect(await disable(because)).toMatchObject({ status: 400, body: { code: "REQUEST_INVALID" } });
  });

  it("shows a new secret once, and when the one before it ends", async () => {
    const id = await service.make({ secret: secretOf("first") });
    const rotated = await send(service.api, "POST", `${WEBHOOKS}/${id}/rotate-secret`);
    expect(rotated).toMatchObject({
      status: 200,
      body: { secret: expect.stringMatching(/^whsec_/), secrets: [{ expires_at: null }, {}] },
    });
    const [, older] = Object(rotated.body).secrets;
    const graceMs = Date.parse(older.expires_at) - Date.parse(Object(rotated.body).updated_at);
    expect(graceMs).toBe(86_400_000);

    const own = { grace_seconds: 0, secret: secretOf("mine") };
    const again = await send(service.api, "POST", `${WEBHOOKS}/${id}/rotate-secret`, own);
    expect(again).toMatchObject({ body: { secret: secretOf("mine"), secrets: [{ expires_at: null }] } });
    expect(await send(service.api, "GET", `${WEBHOOKS}/${id}`)).not.toHaveProperty("body.secret");
  });

  it.each<[string, unknown, number]>([
    ["eight days of grace", { grace_seconds: 8 * 86_400 }, 422],
    ["less grace than none", { grace_seconds: -1 }, 422],
    ["the secret it has", { secret: secretOf("first") }, 422],
    ["a secret that cannot sign", { secret: "whsec_x" }, 422],
    ["a field there is not", { grace: 1 }, 422],
  ])("is not given a new secret with %s", async (_what, body, status) => {
    const id = await service.make({ secret: secretOf("first") });
    expect(await send(service.api, "POST", `${WEBHOOKS}/${id}/rotate-secret`, body)).toMatchObject({
      status,
    });
    expect((await service.hookwave.endpoints.get(id)).secrets).toEqual([
      { value: secretOf("first"), expiresAt: null },
    ]);
  });

  it("is not given a fifth secret while four sign", async () => {
    const id = await service.make();
    for (let count = 2; count <= 4; count += 1)
      expect(await send(service.api, "POST", `${WEBHOOKS}/${id}/rotate-secret`)).toMatchObject({
        status: 200,
      });
    const refused = await send(service.api, "POST", `${WEBHOOKS}/${id}/rotate-secret`);
    expect(refused).toMatchObject({ status: 422, body: { code: "ENDPOINT_INVALID" } });
  });
});

describe("a webhook that is not there", () => {
  it.each<[string, string, unknown?]>([
    ["GET", ""],
    ["PUT", "", { url: URL_OF_NOBODY }],
    ["PATCH", "", {}],
    ["DELETE", ""],
    ["POST", "/enable"],
    ["POST", "/disable"],
    ["POST", "/rotate-secret"],
    ["GET", "/logs"],
    ["GET", "/logs?status=pending"],
    ["GET", "/stats"],
  ])("is unknown to %s %s", async (method, rest, body) => {
    expect(await send(service.api, method, `${WEBHOOKS}/none${rest}`, body)).toMatchObject({
      status: 404,
      body: { code: "ENDPOINT_UNKNOWN" },
    });
  });
});

describe("while Redis answers and takes no writes", () => {
  it("what would write says so, and what reads is served", async () => {
    await using own = await startWebhookService({ role: "api" });
    await send(own.api, "POST", WEBHOOKS, { url: URL_OF_NOBODY, id: "one" });
    const admin = new Redis(own.redis.url);
    await admin.config("SET", "min-replicas-to-write", "1");
    for (const [method, path, body] of [
      ["POST", "", { url: URL_OF_NOBODY }],
      ["PATCH", "/one", { description: "new" }],
      ["POST", "/one/rotate-secret", {}],
      ["POST", "/one/disable", {}],
      ["DELETE", "/one", undefined],
    ] as const) {
      const answer = await send(own.api, method, `${WEBHOOKS}${path}`, body);
      expect([method, path, answer.status]).toEqual([method, path, 503]);
      expect(answer.body).toMatchObject({
        code: "REDIS_UNAVAILABLE",
        got: expect.stringMatching(/^NOREPLICAS/),
      });
      expect(answer.headers.get("retry-after")).not.toBeNull();
    }
    expect(await send(own.api, "GET", `${WEBHOOKS}/one`)).toMatchObject({ status: 200 });
    admin.disconnect();
  });
});

describe("while Redis is away", () => {
  it("every one of these says so, and when to ask again", async () => {
    await using own = await startWebhookService({ role: "api", apiKey: "k".repeat(32) });
    await own.redis.stop();
    await until("it is away", async () => !(await own.hookwave.isRedisReachable()));
    const headers = { authorization: `Bearer ${"k".repeat(32)}`, "content-type": "application/json" };
    for (const [method, path, body] of [
      ["GET", WEBHOOKS],
      ["GET", `${WEBHOOKS}/x`],
      ["GET", `${WEBHOOKS}/x/logs`],
      ["GET", `${WEBHOOKS}/x/stats`],
      ["POST", WEBHOOKS, `{"url":"${URL_OF_NOBODY}"}`],
      ["PATCH", `${WEBHOOKS}/x`, "{}"],
      ["DELETE", `${WEBHOOKS}/x`],
    ] as const) {
      const { "content-type": _, ...bare } = headers;
      const init = body === undefined ? { method, headers: bare } : { method, headers, body };
      const answer = await ask(`${own.api.url}${path}`, init);
      expect([method, path, answer.status]).toEqual([method, path, 503]);
      expect(answer.body).toMatchObject({ code: "REDIS_UNAVAILABLE" });
      expect(answer.headers.get("retry-after")).not.toBeNull();
    }
  });
});
