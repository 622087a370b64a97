/** Who may ask the API for what: keys, roles, and what is true while there are none. */
import { describe, expect, it } from "vitest";
import { openHookwave } from "../../src/app.ts";
import type { Role } from "../../src/core/access.ts";
import { type Api, ask, startApi } from "../support/api.ts";
import { converse } from "../support/raw-http.ts";
import { startHookwave, startRedis, type TestHookwave } from "../support/service.ts";
import { until } from "../support/until.ts";

const EVENT = '{"type":"thing.made","data":{}}';

const bearer = (token: string): Readonly<Record<string, string>> => ({ authorization: `Bearer ${token}` });

function post(api: Api, path: string, body: string, headers: Readonly<Record<string, string>> = {}) {
  const all = { "content-type": "application/json", ...headers };
  return ask(`${api.url}${path}`, { method: "POST", headers: all, body });
}

async function makeKey(hookwave: TestHookwave, ...roles: readonly Role[]): Promise<string> {
  return (await hookwave.keys.create({ name: roles.join("+"), roles })).token;
}

describe("without any key", () => {
  it("whoever is on this machine may do everything, as long as it asks for this machine", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis);
    await using api = await startApi(hookwave);

    expect(await post(api, "/api/v1/events", EVENT)).toMatchObject({ status: 202 });
    expect(await ask(`${api.url}/api/v1/keys`)).toMatchObject({
      status: 200,
      body: { data: [], next: null },
    });
    const rebound = await converse(
      api,
      "GET /api/v1/keys HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n",
    );
    expect(rebound).toMatch(/^HTTP\/1\.1 403 .*"code":"FORBIDDEN"/s);
  });

  it("what a proxy on this machine passes on is not of this machine", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis);
    await using api = await startApi(hookwave);
    for (const header of ["x-forwarded-for", "forwarded", "via", "x-real-ip"])
      expect(await post(api, "/api/v1/events", EVENT, { [header]: "203.0.113.7" }), header).toMatchObject({
        status: 401,
        body: { code: "UNAUTHENTICATED" },
      });
  });

  it("nothing is shown to a rebound page while nobody knows yet whether there are keys", async () => {
    await using redis = await startRedis();
    const early = await openHookwave({ redisUrl: redis.url, dataDir: redis.dataDir, role: "api" });
    await using api = await startApi(early, { delivers: false });

    expect((await ask(`${api.url}/metrics`)).status).toBe(200);
    const head = "GET /metrics HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n";
    expect(await converse(api, head)).toMatch(/^HTTP\/1\.1 403 .*"code":"FORBIDDEN"/s);
    await early.close();
  });

  it("an API that others can reach serves nobody but probes", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis);
    await using api = await startApi(hookwave, { isOpenToOthers: true });

    const refused = await post(api, "/api/v1/events", EVENT);
    expect(refused).toMatchObject({ status: 401, body: { code: "UNAUTHENTICATED" } });
    expect(refused.headers.get("www-authenticate")).toBe("Bearer");
    expect(await ask(`${api.url}/metrics`)).toMatchObject({ status: 401 });
    expect(await ask(`${api.url}/healthz`)).toMatchObject({ status: 200 });
    expect(await ask(`${api.url}/readyz`)).toMatchObject({ status: 200 });
  });
});

describe("with keys", () => {
  it("one that has not been read yet is not called wrong, also where the bootstrap key is known already", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis, { role: "api" });
    const token = await makeKey(hookwave, "publish");
    const apiKey = "bootstrap-key-of-32-characters-00";
    const late = await openHookwave({ redisUrl: redis.url, dataDir: redis.dataDir, role: "api", apiKey });
    const settings = { apiRateLimitUnknown: 3 };
    await using api = await startApi(late, { isOpenToOthers: true, delivers: false, settings });
    await late.untilConnected(5_000);

    expect(await post(api, "/api/v1/events", EVENT, bearer(apiKey))).toMatchObject({ status: 202 });
    expect(await post(api, "/api/v1/events", EVENT, bearer(token))).toMatchObject({
      status: 503,
      body: { code: "REDIS_UNAVAILABLE" },
    });
    expect(await ask(`${api.url}/readyz`)).toMatchObject({ status: 503 });
    // Nor is one made to pay for being unknown: over the limit of strangers, nothing else is said.
    for (let nth = 0; nth < 5; nth += 1) {
      const refused = await post(api, "/api/v1/events", EVENT, bearer(token));
      expect(refused).toMatchObject({ status: 503, body: { code: "REDIS_UNAVAILABLE" } });
      expect(refused.headers.get("retry-after")).toBe("1");
    }

    await late.start();
    expect(await post(api, "/api/v1/events", EVENT, bearer(token))).toMatchObject({ status: 202 });
    expect(await ask(`${api.url}/readyz`)).toMatchObject({ status: 200 });
    await late.close();
  });

  it("each may do what its roles say, and nothing is done without one", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis);
    await using api = await startApi(hookwave);
    const publish = await makeKey(hookwave, "publish");
    const admin = await makeKey(hookwave, "admin");

    expect(await post(api, "/api/v1/events", EVENT)).toMatchObject({ status: 401 });
    expect(await post(api, "/api/v1/events", EVENT, bearer(publish))).toMatchObject({ status: 202 });
    expect(await post(api, "/api/v1/events", EVENT, bearer(admin))).toMatchObject({ status: 202 });
    const forbidden = await ask(`${api.url}/api/v1/keys`, { headers: bearer(publish) });
    expect(forbidden).toMatchObject({ status: 403, body: { code: "FORBIDDEN" } });
  });

  it("one that may only read finds no more of a webhook's URL than its host, and nobody writes that back", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis, { role: "api" });
    await using api = await startApi(hookwave);
    const reader = bearer(await makeKey(hookwave, "read"));
    const admin = bearer(await makeKey(hookwave, "admin"));
    const url = "http://127.0.0.1:3000/services/T0/s3cret?token=s3cret";
    await post(api, "/api/v1/webhooks", JSON.stringify({ id: "one", url }), admin);
    const look = (query: string, headers: typeof reader) =>
      ask(`${api.url}/api/v1/webhooks${query}`, { headers });

    expect(await look("/one", admin)).toMatchObject({ body: { url } });
    expect(await look("?text=s3cret", admin)).toMatchObject({ body: { data: [{ url }] } });
    const masked = "http://127.0.0.1:3000/***";
    expect(await look("/one", reader)).toMatchObject({ status: 200, body: { url: masked } });
    expect(await look("?text=127.0.0.1", reader)).toMatchObject({ body: { data: [{ url: masked }] } });
    expect(await look("?text=s3cret", reader)).toMatchObject({ status: 200, body: { data: [] } });
    const back = { method: "PUT", headers: { ...admin, "content-type": "application/json" } };
    expect(
      await ask(`${api.url}/api/v1/webhooks/one`, { ...back, body: JSON.stringify({ url: masked }) }),
    ).toMatchObject({ status: 422, body: { errors: [{ pointer: "#/url" }] } });
    expect(await look("/one", admin)).toMatchObject({ body: { url } });
  });

  it.each([
    ["a secret of another length", (token: string) => token.slice(0, -1)],
    ["a wrong secret", (token: string) => `${token.slice(0, -1)}${token.endsWith("A") ? "B" : "A"}`],
    ["an unknown id", (token: string) => token.replace(/_[0-9a-f]{16}_/, `_${"0".repeat(16)}_`)],
    ["text around it", (token: string) => `x${token}`],
    ["nothing of a key", () => "hunter2"],
  ])("a token with %s is nobody's", async (_what, spoil) => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis);
    await using api = await startApi(hookwave);
    const token = await makeKey(hookwave, "admin");

    expect(await ask(`${api.url}/api/v1/keys`, { headers: bearer(token) })).toMatchObject({ status: 200 });
    expect(await ask(`${api.url}/api/v1/keys`, { headers: bearer(spoil(token)) })).toMatchObject({
      status: 401,
      body: { code: "UNAUTHENTICATED" },
    });
  });

  it("one that is made or revoked anywhere counts in every process within a second", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis);
    await using other = await startHookwave(redis, { role: "api" });
    await using api = await startApi(hookwave);
    await using elsewhere = await startApi(other);
    const made = await post(elsewhere, "/api/v1/keys", '{"name":"ci","roles":["read","publish"]}');
    expect(made).toMatchObject({
      status: 201,
      body: {
        name: "ci",
        roles: ["read", "publish"],
        token: expect.stringMatching(/^hw_live_[0-9a-f]{16}_/),
      },
    });
    const { id, token } = made.body as { id: string; token: string };
    const asked = () => ask(`${api.url}/api/v1/event-types`, { headers: bearer(token) });

    expect(await asked()).toMatchObject({ status: 200 });
    await hookwave.keys.revoke(id);
    await until("the key no longer counts", async () => (await asked()).status !== 200, 1_000);
  });

  it("only a digest of it is in Redis", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis);
    const token = await makeKey(hookwave, "admin");

    const { Redis } = await import("ioredis");
    const client = new Redis(redis.url);
    const stored = JSON.stringify(await client.hgetall("{hookwave}:api-keys"));
    client.disconnect();
    // The secret is base64url, which may have a "_" anywhere.
    const [, id = "", secret = ""] = /^hw_live_([0-9a-f]{16})_([\w-]{20,})$/.exec(token) ?? [];
    expect(stored).toContain(`"${id}"`);
    expect(secret).not.toBe("");
    expect(stored).not.toContain(secret);
  });

  it("the bootstrap key of the environment may do everything, also before Redis answers", async () => {
    await using redis = await startRedis();
    const apiKey = "k".repeat(40);
    await using hookwave = await startHookwave(redis, { apiKey });
    await using api = await startApi(hookwave);

    expect(await ask(`${api.url}/api/v1/keys`)).toMatchObject({ status: 401 });
    expect(await ask(`${api.url}/api/v1/keys`, { headers: bearer(apiKey) })).toMatchObject({ status: 200 });
    await redis.stop();
    await until("Redis is away", async () => !(await hookwave.isRedisReachable()));
    expect(await post(api, "/api/v1/events", EVENT, bearer(apiKey))).toMatchObject({ status: 503 });
  });
});

describe("a key that cannot be made or revoked", () => {
  it("is refused with every flaw of what was asked", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis);
    await using api = await startApi(hookwave);

    const refused = await post(api, "/api/v1/keys", '{"name":"","roles":["king"],"more":1}');
    expect(refused).toMatchObject({ status: 400, body: { code: "REQUEST_INVALID" } });
    const { errors } = refused.body as { errors: { pointer: string }[] };
    expect(errors.map(({ pointer }) => pointer).toSorted()).toEqual(["#", "#/name", "#/roles/0"]);
    const odd = '{"name":{"length":{"toString":""}},"roles":["read"]}';
    expect(await post(api, "/api/v1/keys", odd)).toMatchObject({
      status: 400,
      body: { code: "REQUEST_INVALID" },
    });
    const gone = await ask(`${api.url}/api/v1/keys/none`, { method: "DELETE" });
    expect(gone).toMatchObject({ status: 404, body: { code: "KEY_UNKNOWN" } });
  });
});

describe("rate limits", () => {
  it("count each key over all processes, and each address without one, and say when to go on", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis);
    const settings = { apiRateLimit: 3, apiRateLimitUnknown: 2 };
    await using api = await startApi(hookwave, { settings });
    await using elsewhere = await startApi(hookwave, { settings });
    const [one, two] = [await makeKey(hookwave, "read"), await makeKey(hookwave, "read")];
    const types = (of: Api, token?: string) =>
      ask(`${of.url}/api/v1/event-types`, token === undefined ? {} : { headers: bearer(token) });

    const first = await types(api, one);
    expect(first).toMatchObject({ status: 200 });
    expect(first.headers.get("ratelimit-limit")).toBe("3");
    expect(first.headers.get("ratelimit-remaining")).toBe("2");
    await types(elsewhere, one);
    await types(api, one);
    const limited = await types(elsewhere, one);
    expect(limited).toMatchObject({ status: 429, body: { code: "RATE_LIMITED" } });
    expect(Number(limited.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await types(api, two)).toMatchObject({ status: 200 });
    expect(await types(api)).toMatchObject({ status: 401 });
    expect(await types(api, "guess")).toMatchObject({ status: 401 });
    expect(await types(api, "guess-again")).toMatchObject({ status: 429 });
    expect(await ask(`${api.url}/healthz`)).toMatchObject({ status: 200 });
  });
});
