/** Sessions of the console: how they begin, whom they stand for, when they end, and what they are not good for. */
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openHookwave } from "../../src/app.ts";
import type { Role } from "../../src/core/access.ts";
import { type Api, ask, startApi } from "../support/api.ts";
import { cookieOf, SESSION, shown, signIn } from "../support/console.ts";
import { converse } from "../support/raw-http.ts";
import { startHookwave, startRedis, type TestHookwave, type TestRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

const BOOTSTRAP = "b".repeat(40);
const OWN = { "sec-fetch-site": "same-origin" };
const JSON_BODY = { "content-type": "application/json" };
const TWELVE_HOURS = 12 * 60 * 60;
type Headers = Readonly<Record<string, string>>;

let redis: TestRedis;
let hookwave: TestHookwave;
let api: Api;
let client: Redis;

beforeEach(async () => {
  redis = await startRedis();
  hookwave = await startHookwave(redis, { role: "api" });
  api = await startApi(hookwave, { settings: { apiTrustedProxies: ["127.0.0.0/8"] } });
  // One test ends the server.
  client = new Redis(redis.url).on("error", () => undefined);
});

afterEach(async () => {
  client.disconnect();
  await api.close();
  await hookwave.close();
  await redis[Symbol.asyncDispose]();
});

/** The first commands of a process may take longer than the service allows, on a busy machine. */
const makeKey = (...roles: readonly Role[]) =>
  until("a key is made", () => hookwave.keys.create({ name: "ops", roles }).catch(() => null));
const get = (path: string, headers: Headers, of = api) => ask(`${of.url}${path}`, { headers });
const signedIn = async (token: string, of = api): Promise<{ readonly cookie: string }> => ({
  cookie: cookieOf(await signIn(of, token)),
});
const sessionNames = () => client.keys("{hookwave}:session:*");

describe("whoever shows a key", () => {
  it("gets a cookie that no script reads and no other site sends, and is who the key is", async () => {
    const { id, token } = await makeKey("read", "publish");
    const answer = await signIn(api, token);

    const by = { name: "ops", key_id: id, roles: ["read", "publish"] };
    expect(answer).toMatchObject({
      status: 200,
      body: { signed_in: true, by, needs_key: true, hide_payloads: false },
    });
    expect(answer.headers.get("set-cookie")).toMatch(
      /^__Host-hookwave=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
    );
    expect(answer.headers.get("cache-control")).toBe("no-store");
    const cookie = cookieOf(answer);
    expect(await shown(api, { cookie })).toMatchObject({ status: 200, body: { by } });
    expect(await get("/api/v1/webhooks", { cookie: `a=1; ${cookie}; b=2` })).toMatchObject({ status: 200 });
    expect(await get("/api/v1/keys", { cookie })).toMatchObject({ status: 403, body: { code: "FORBIDDEN" } });
  });

  it("that is wrong gets none, and is counted as the stranger that they are", async () => {
    const { token } = await makeKey("admin");
    await using counting = await startApi(hookwave, { settings: { apiRateLimitUnknown: 3 } });
    for (const wrong of [`${token.slice(0, -2)}xx`, "hunter2"]) {
      const refused = await signIn(counting, wrong);
      expect(refused).toMatchObject({ status: 401, body: { code: "UNAUTHENTICATED" } });
      expect(refused.headers.has("set-cookie")).toBe(false);
      expect(refused.text).not.toContain(wrong);
    }
    // A valid key beside it does not make for more guesses.
    const beside = { authorization: `Bearer ${token}` };
    expect(await signIn(counting, "guess", beside)).toMatchObject({ status: 401 });
    expect(await signIn(counting, "guess", beside)).toMatchObject({ status: 429 });
    expect(await sessionNames()).toEqual([]);
  });

  it.each([
    ["nothing", undefined, "application/json", 400],
    ["no key", "{}", "application/json", 400],
    ["more than a key", '{"key":"a","role":"admin"}', "application/json", 400],
    ["a list", "[]", "application/json", 400],
    ["an endless key", JSON.stringify({ key: "k".repeat(301) }), "application/json", 400],
    ["a form", "key=a", "application/x-www-form-urlencoded", 415],
    ["plain text", '{"key":"a"}', "text/plain", 415],
  ])("is refused with %s", async (_what, body, type, status) => {
    const init = { method: "POST", headers: { "content-type": type }, body: body ?? "" };
    expect(await ask(`${api.url}${SESSION}`, init)).toMatchObject({ status });
  });

  it("over http under another name is told why no browser would keep the cookie", async () => {
    const { token } = await makeKey("admin");
    const body = JSON.stringify({ key: token });
    const begin = (host: string, ...headers: readonly string[]) =>
      converse(
        api,
        [
          `POST ${SESSION} HTTP/1.1`,
          `host: ${host}`,
          ...headers,
          "content-type: application/json",
          `content-length: ${body.length}`,
          "connection: close",
          "",
          body,
        ].join("\r\n"),
      );
    const told =
      /^HTTP\/1\.1 403 .*"code":"FORBIDDEN".*"remedy":"[^"]*TLS[^"]*API_TRUSTED_PROXIES.*localhost/s;
    const begun = /^HTTP\/1\.1 200 .*set-cookie: __Host-hookwave=/s;
    const past = "x-forwarded-host: hooks.example";
    expect(await begin("hooks.example")).toMatch(told);
    expect(await begin("127.0.0.1.evil.example:80")).toMatch(told);
    expect(await begin("localhost", past)).toMatch(told);
    expect(await begin("localhost", past, "x-forwarded-proto: https")).toMatch(begun);
    for (const host of ["localhost:8420", "LOCALHOST", "127.0.0.1", "[::1]:8420"])
      expect(await begin(host)).toMatch(begun);
    // Through a proxy that nobody has said to trust, a browser still says how it came.
    await using wary = await startApi(hookwave, { settings: { apiUrl: "https://hooks.example" } });
    const from = (origin: string) =>
      ask(`${wary.url}${SESSION}`, { method: "POST", headers: { ...JSON_BODY, origin }, body });
    expect(await from("https://hooks.example")).toMatchObject({ status: 200 });
    expect(await from("https://evil.example")).toMatchObject({ status: 403 });
  });
});

describe("a session", () => {
  it("is in Redis as a digest, with nothing that lets one be anybody", async () => {
    const { id, token } = await makeKey("admin");
    const { cookie } = await signedIn(token);
    const secret = cookie.split("=")[1] ?? "";
    const [name = ""] = await sessionNames();
    const stored = `${name} ${await client.get(name)} ${await client.zrange(`{hookwave}:sessions:${id}`, "0", "-1")}`;
    expect(stored).toContain(id);
    // The key's secret is base64url, which may have a "_" anywhere.
    for (const told of [secret, token.slice(`hw_live_${id}_`.length)]) {
      expect(told).toHaveLength(43);
      expect(stored).not.toContain(told);
    }
    const { digest } = JSON.parse((await client.hget("{hookwave}:api-keys", id)) ?? "{}");
    // In any spelling: of a key that people have chosen, a digest is enough to guess it from.
    for (const spelling of ["base64", "base64url", "hex"] as const)
      expect(stored).not.toContain(Buffer.from(digest, "base64").toString(spelling));
    expect(await shown(api, { cookie: `__Host-hookwave=${name.split(":").at(-1)}` })).toMatchObject({
      body: { by: null },
    });
  });

  it("lasts for twelve hours from when it was last used", async () => {
    const { cookie } = await signedIn((await makeKey("read")).token);
    const [name = ""] = await sessionNames();
    expect(await client.ttl(name)).toBeGreaterThan(TWELVE_HOURS - 60);
    await client.expire(name, 1_000);
    await get("/api/v1/webhooks", { cookie });
    expect(await client.ttl(name)).toBeGreaterThan(TWELVE_HOURS - 60);
    await client.del(name);
    expect(await get("/api/v1/webhooks", { cookie })).toMatchObject({
      status: 401,
      body: { code: "UNAUTHENTICATED", remedy: "sign in again" },
    });
    expect(await shown(api, { cookie })).toMatchObject({ status: 200, body: { by: null } });
  });

  it("ends when somebody signs out, or in again, and takes its cookie along", async () => {
    const { token } = await makeKey("read");
    const [first, second] = [await signedIn(token), await signedIn(token)];
    const out = await ask(`${api.url}${SESSION}`, { method: "DELETE", headers: { ...first, ...OWN } });
    expect(out.status).toBe(204);
    expect(out.headers.get("set-cookie")).toMatch(/^__Host-hookwave=; Max-Age=0; Path=\/;.*Secure/);
    expect(await get("/api/v1/webhooks", first)).toMatchObject({ status: 401 });
    expect(await get("/api/v1/webhooks", second)).toMatchObject({ status: 200 });
    const third = cookieOf(await signIn(api, token, { ...second, ...OWN }));
    expect(await get("/api/v1/webhooks", second)).toMatchObject({ status: 401 });
    expect(await get("/api/v1/webhooks", { cookie: third })).toMatchObject({ status: 200 });
    expect(await ask(`${api.url}${SESSION}`, { method: "DELETE" })).toMatchObject({ status: 204 });
  });

  it("ends with its key, in every process, and with another key under the same name", async () => {
    const { id, token } = await makeKey("admin");
    await makeKey("read");
    await using other = await startHookwave(redis, { role: "api" });
    await using elsewhere = await startApi(other);
    const headers = await signedIn(token);
    expect(await get("/api/v1/keys", headers, elsewhere)).toMatchObject({ status: 200 });

    await hookwave.keys.revoke(id);
    expect(await get("/api/v1/keys", headers)).toMatchObject({ status: 401 });
    await until(
      "it ends elsewhere",
      async () => (await get("/api/v1/keys", headers, elsewhere)).status === 401,
    );
    expect(await shown(elsewhere, headers)).toMatchObject({ body: { by: null, needs_key: true } });

    await using before = await startHookwave(redis, { role: "api", apiKey: BOOTSTRAP });
    await using old = await startApi(before);
    const first = await signedIn(BOOTSTRAP, old);
    expect(await get("/api/v1/keys", first, old)).toMatchObject({ status: 200 });
    await using after = await startHookwave(redis, { role: "api", apiKey: "c".repeat(40) });
    await using changed = await startApi(after);
    expect(await get("/api/v1/keys", first, changed)).toMatchObject({ status: 401 });
    expect(await get("/api/v1/keys", first)).toMatchObject({ status: 401 });
  });

  it("is one of a hundred that a key may have, but for those that ended; the oldest ends for another", async () => {
    const { token } = await makeKey("read");
    const bystander = await signedIn((await makeKey("read")).token);
    const [first, second] = [await signedIn(token), await signedIn(token)];
    const begun = async () => (await hookwave.sessions.begin(token))?.id ?? "";
    for (let nth = 2; nth < 100; nth += 1) await hookwave.sessions.end(await begun()).then(begun);
    expect(await get("/api/v1/webhooks", first)).toMatchObject({ status: 200 });
    await begun();
    expect(await get("/api/v1/webhooks", first)).toMatchObject({ status: 401 });
    expect(await get("/api/v1/webhooks", second)).toMatchObject({ status: 200 });
    expect(await get("/api/v1/webhooks", bystander)).toMatchObject({ status: 200 });
    expect(await sessionNames()).toHaveLength(101);
  });

  it("that was damaged in Redis is none", async () => {
    const headers = await signedIn((await makeKey("read")).token);
    const [name = ""] = await sessionNames();
    for (const text of ["", "{", "[]", '{"v":1}', '{"v":1,"keyId":"bootstrap","proof":""}']) {
      await client.set(name, text);
      expect(await get("/api/v1/webhooks", headers)).toMatchObject({ status: 401 });
    }
  });

  it("counts by its key, is named by its key in the audit log, and is nothing beside Authorization", async () => {
    const { id, token } = await makeKey("admin");
    const { token: reader } = await makeKey("read");
    await using counting = await startApi(hookwave, { settings: { apiRateLimit: 4 } });
    const session = await signedIn(token);
    const made = await ask(`${counting.url}/api/v1/webhooks`, {
      method: "POST",
      headers: { ...session, ...OWN, ...JSON_BODY },
      body: JSON.stringify({ id: "one", url: "https://example.com/hook" }),
    });
    expect(made).toMatchObject({ status: 201 });
    expect(made.headers.get("ratelimit-remaining")).toBe("3");
    const audit = await get("/api/v1/audit", { authorization: `Bearer ${token}` }, counting);
    expect(audit.headers.get("ratelimit-remaining")).toBe("2");
    expect(audit).toMatchObject({
      body: { data: [{ action: "endpoint.created", by: { id, name: "ops" } }, {}, {}] },
    });

    const asReader = await get("/api/v1/keys", { ...session, authorization: `Bearer ${reader}` });
    expect(asReader).toMatchObject({ status: 403, body: { got: "one with read" } });
    for (const authorization of ["Bearer wrong", "Basic YTpi", ""])
      expect(await get("/api/v1/keys", { ...session, authorization })).toMatchObject({ status: 401 });
    // An order by key is one of a program, whatever cookies it has collected.
    const headers = { ...session, authorization: `Bearer ${token}` };
    expect(await ask(`${api.url}/api/v1/webhooks/one/disable`, { method: "POST", headers })).toMatchObject({
      status: 200,
    });
  });

  it("that nobody can look up is not called wrong", async () => {
    const headers = await signedIn((await makeKey("read")).token);
    await redis.stop();
    await until("Redis is away", async () => !(await hookwave.isRedisReachable()));
    for (const path of ["/api/v1/webhooks", SESSION, "/metrics"])
      expect([path, await get(path, headers)]).toMatchObject([
        path,
        { status: 503, body: { code: "REDIS_UNAVAILABLE" } },
      ]);
    // The page and the probes do not ask who it is.
    expect(await get("/healthz", headers)).toMatchObject({ status: 200 });
    expect(await get("/docs/static/swagger-ui.css", headers)).toMatchObject({ status: 200 });
    expect(await shown(api)).toMatchObject({ status: 200, body: { by: null, needs_key: true } });
  });

  it("is not called wrong either by a process that does not know the keys yet", async () => {
    const { token } = await makeKey("read");
    const headers = await signedIn(token);
    const late = await openHookwave({ redisUrl: redis.url, dataDir: redis.dataDir, role: "api" });
    await using early = await startApi(late, { isOpenToOthers: true });
    await late.untilConnected(5_000);
    expect(await get("/api/v1/webhooks", headers, early)).toMatchObject({ status: 503 });
    expect(await signIn(early, token)).toMatchObject({ status: 503, body: { code: "REDIS_UNAVAILABLE" } });
    await using local = await startApi(late);
    expect(await shown(local)).toMatchObject({ status: 503 });
    await late.close();
  });
});

describe("without any key", () => {
  it("whoever is on this machine needs none, and others are told that they do", async () => {
    const by = { name: "loopback", key_id: "loopback", roles: ["admin"] };
    expect(await shown(api)).toMatchObject({ status: 200, body: { needs_key: false, by } });
    // A cookie of before is no hindrance.
    const left = { cookie: `__Host-hookwave=${"a".repeat(43)}` };
    expect(await get("/api/v1/keys", left)).toMatchObject({ status: 200 });
    await using open = await startApi(hookwave, { isOpenToOthers: true });
    expect(await shown(open)).toMatchObject({ status: 200, body: { needs_key: true, by: null } });
  });
});
