/** KLIPSTREAM_COMPAT: the KlipStream API's clients are answered as they always were, with the requests they really send. */
import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { type Answer, type Api, ask, send, startApi } from "../support/api.ts";
import { runCommand } from "../support/command.ts";
import { register, registration, SECRET, startCompat } from "../support/klipstream.ts";
import type { Received } from "../support/receiver.ts";
import { until } from "../support/until.ts";
import { fieldOf, pointersOf } from "../support/webhooks.ts";

const FIELDS = [
  ...["created_at", "events", "headers", "id", "is_active", "max_retries", "timeout_seconds"],
  ...["updated_at", "url"],
];
const EVENTS = ["started", "progress", "stage_changed", "completed", "failed", "cancelled"].map(
  (one) => `job.${one}`,
);

/** The check of a receiver of this family, which knows the secret and nothing of our code. */
function expectSigned({ headers, body }: Received): void {
  const signature = `sha256=${createHmac("sha256", SECRET).update(body).digest("hex")}`;
  expect(headers["x-klipstream-signature"]).toBe(signature);
  expect(headers["x-client"]).toBe("42");
}

const rowsOf = ({ body }: Answer): readonly Readonly<Record<string, unknown>>[] => Array.from(Object(body));

/** Asked as this API's own clients ask. */
const asOurs = (api: Api, path: string): Promise<Answer> =>
  ask(`${api.url}${path}`, { headers: { "hookwave-api": "1" } });

describe("a client of the KlipStream API", () => {
  it("registers with its literal body, and is delivered on its own wire", async () => {
    await using compat = await startCompat();
    const { api, receiver } = compat;

    const made = await register(api, receiver.url);
    expect(made).toMatchObject({
      status: 201,
      body: {
        id: "kl1",
        url: receiver.url,
        events: ["job.completed", "job.failed"],
        headers: { "X-Client": "••••" },
        timeout_seconds: 30,
        max_retries: 3,
        is_active: true,
      },
    });
    expect(Object.keys(Object(made.body)).toSorted()).toEqual(FIELDS);

    const data = { job_id: "job_1", video_id: "vid_1", data: { scenes: 12 } };
    const event = { type: "job.completed", data, timestamp: "2026-01-31T12:00:00Z" };
    expect(await send(api, "POST", "/api/v1/events", event)).toMatchObject({ status: 202 });
    expect(await send(api, "POST", "/api/v1/events", { ...event, type: "job.progress" })).toMatchObject({
      status: 202,
    });
    const [delivered, ...others] = await receiver.received(1);
    if (delivered === undefined) throw new Error("nothing was delivered");
    expect(String(delivered.body)).toBe(
      '{"event":"job.completed","job_id":"job_1","video_id":"vid_1","timestamp":"2026-01-31T12:00:00Z","data":{"scenes":12}}',
    );
    expectSigned(delivered);
    expect(others).toEqual([]);
  });

  it("finds bare lists of its own webhooks, those that are active where it asks for them", async () => {
    await using compat = await startCompat();
    const { api, hookwave, receiver } = compat;
    await register(api, receiver.url);
    await send(api, "POST", "/api/v1/webhooks/?webhook_id=kl2", registration(receiver.url));
    await send(api, "PUT", "/api/v1/webhooks/kl2/", { is_active: false });
    await hookwave.endpoints.add({ id: "other", url: receiver.url });
    await hookwave.endpoints.add({ id: "all", url: receiver.url, profile: "klipstream" });

    const ids = async (query: string) =>
      rowsOf(await send(api, "GET", `/api/v1/webhooks/${query}`)).map(({ id }) => id);
    expect(await ids("")).toEqual(["kl1", "kl2", "all"]);
    expect(await ids("?active_only=true")).toEqual(["kl1", "all"]);
    expect(await ids("?active_only=False")).toEqual(["kl1", "kl2", "all"]);
    expect(await send(api, "GET", "/api/v1/webhooks/events/available")).toMatchObject({
      status: 200,
      body: EVENTS,
    });
    // It knows no `*`.
    expect(await send(api, "GET", "/api/v1/webhooks/all/")).toMatchObject({ body: { events: EVENTS } });
    expect(await send(api, "GET", "/api/v1/webhooks/other/")).toMatchObject({
      status: 404,
      body: { code: "ENDPOINT_UNKNOWN" },
    });
    expect(await send(api, "DELETE", "/api/v1/webhooks/other/")).toMatchObject({ status: 404 });
    expect(await send(api, "DELETE", "/api/v1/webhooks/kl1/")).toMatchObject({ status: 204 });
    expect(await ids("")).toEqual(["kl2", "all"]);
  });

  it("changes some fields by PUT, and writes back what it has read", async () => {
    await using compat = await startCompat();
    const { api, hookwave, receiver } = compat;
    await register(api, receiver.url);

    const changed = await send(api, "PUT", "/api/v1/webhooks/kl1/", { max_retries: 1, is_active: false });
    expect(changed).toMatchObject({
      status: 200,
      body: { url: receiver.url, max_retries: 1, is_active: false, timeout_seconds: 30 },
    });
    expect(await send(api, "PUT", "/api/v1/webhooks/kl1/", changed.body)).toMatchObject({ status: 200 });
    const { profile, secrets, headers } = await hookwave.endpoints.get("kl1");
    expect({ profile, secrets, headers }).toEqual({
      profile: "klipstream",
      secrets: [{ value: SECRET, expiresAt: null }],
      headers: { "X-Client": "42" },
    });
  });

  it.each([
    [{ events: ["job.exploded"] }, "#/events/0"],
    [{ events: ["job.*"] }, "#/events/0"],
    [{ events: [] }, "#/events"],
    [{ timeout_seconds: 0 }, "#/timeout_seconds"],
    [{ timeout_seconds: 301 }, "#/timeout_seconds"],
    [{ max_retries: 11 }, "#/max_retries"],
    [{ max_retries: -1 }, "#/max_retries"],
    [{ url: "no url" }, "#/url"],
    [{ profile: "github" }, "#/profile"],
  ])("is refused %j with 422, made or changed", async (changes, pointer) => {
    await using compat = await startCompat();
    const { api, receiver } = compat;

    const refused = await register(api, receiver.url, changes);
    expect(refused).toMatchObject({ status: 422, body: { code: "ENDPOINT_INVALID" } });
    expect(pointersOf(refused)).toEqual([pointer]);
    await register(api, receiver.url);
    const unchanged = await send(api, "PUT", "/api/v1/webhooks/kl1/", changes);
    expect(unchanged).toMatchObject({ status: 422, body: { code: "ENDPOINT_INVALID" } });
    expect(pointersOf(unchanged)).toEqual([pointer]);
  });

  it("finds a row for each delivery in the log, and the numbers that it knows", async () => {
    await using compat = await startCompat();
    const { api, hookwave, receiver } = compat;
    receiver.replies(500, 200);
    await hookwave.endpoints.add({
      id: "kl1",
      url: receiver.url,
      profile: "klipstream",
      retrySchedule: [10, 10],
    });
    const { body } = await send(api, "POST", "/api/v1/events", {
      type: "job.failed",
      data: { job_id: "j", video_id: "v" },
    });
    await receiver.received(2);

    const log = () => send(api, "GET", "/api/v1/webhooks/kl1/logs?limit=1000");
    await until("its delivery is on record", async () => rowsOf(await log())[0]?.["status"] === "delivered");
    const rows = rowsOf(await log());
    expect(rows).toEqual([
      {
        id: `${Object(body).id}.kl1`,
        webhook_id: "kl1",
        event: "job.failed",
        status: "delivered",
        attempt_count: 2,
        response_status: 200,
        error_message: null,
        created_at: expect.any(String),
        last_attempt_at: expect.any(String),
        next_retry_at: null,
      },
    ]);
    const [{ created_at: createdAt, last_attempt_at: lastAttemptAt } = {}] = rows;
    expect(Date.parse(String(createdAt))).toBeLessThan(Date.parse(String(lastAttemptAt)));
    expect(await send(api, "GET", "/api/v1/webhooks/kl1/logs/?status=retrying")).toMatchObject({ body: [] });
    const stats = await send(api, "GET", "/api/v1/webhooks/kl1/stats/");
    expect(stats.body).toMatchObject({ total_deliveries: 1, successful_deliveries: 1, success_rate: 1 });
  });

  it("tests a webhook with a payload of its own, byte for byte, and gets 202", async () => {
    await using compat = await startCompat();
    const { api, receiver } = compat;
    await register(api, receiver.url);
    const test = (body?: string) =>
      ask(`${api.url}/api/v1/webhooks/kl1/test`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        ...(body !== undefined && { body }),
      });

    expect(await test('{"event":"job.failed","test_payload":{"b":1.0,"a":[]}}')).toMatchObject({
      status: 202,
      body: { webhook_id: "kl1", event: "job.failed", status: "delivered", response_status: 200 },
    });
    expect(await test('{"test_payload":{"job_id":"j1","video_id":"v1","data":{"x":1}}}')).toMatchObject({
      status: 202,
      body: { event: "job.completed" },
    });
    expect(await test('{"test_payload":{"job_id":"j1","more":1}}')).toMatchObject({ status: 202 });
    receiver.replies(500);
    expect(await test()).toMatchObject({
      status: 202,
      body: { status: "failed", response_status: 500, error_message: "HTTP 500" },
    });
    const bodies = receiver.requests.map(({ body }) => String(body).replace(/"timestamp":"[^"]*",/, ""));
    expect(bodies).toEqual([
      '{"event":"job.failed","job_id":"test","video_id":"test","data":{"b":1.0,"a":[]}}',
      '{"event":"job.completed","job_id":"j1","video_id":"v1","data":{"x":1}}',
      '{"event":"job.completed","job_id":"j1","video_id":"test","data":{"job_id":"j1","more":1}}',
      expect.stringMatching(/^\{"event":"job.completed","job_id":"job_7d1f"/),
    ]);
    for (const request of receiver.requests) expectSigned(request);
    expect(await test('{"event":"job.exploded"}')).toMatchObject({
      status: 422,
      body: { code: "EVENT_INVALID" },
    });
    expect(await test('{"event":')).toMatchObject({ status: 400 });
  });

  it("needs a key with the role that our own routes ask for", async () => {
    await using compat = await startCompat();
    const { api, hookwave, receiver } = compat;
    await register(api, receiver.url);
    const { token } = await hookwave.keys.create({ name: "reader", roles: ["read"] });
    const asked = async (method: string, path: string, headers: Readonly<Record<string, string>>) =>
      (await ask(`${api.url}/api/v1/webhooks${path}`, { method, headers })).status;
    const routes = [
      ...["/", "/kl1", "/kl1/logs", "/kl1/stats", "/events/available"].map((path) => ["GET", path, 200]),
      ...[
        ["POST", "/"],
        ["PUT", "/kl1"],
        ["DELETE", "/kl1"],
        ["POST", "/kl1/test"],
      ].map(([method, path]) => [method, path, 403]),
    ] as const;

    for (const [method, path, status] of routes) {
      const [name, where] = [String(method), String(path)];
      expect([name, where, await asked(name, where, {})]).toEqual([name, where, 401]);
      const withKey = await asked(name, where, { authorization: `Bearer ${token}` });
      expect([name, where, withKey]).toEqual([name, where, status]);
    }
    const headers = { authorization: `Bearer ${token}` };
    // The URL may hold a token: it is for those who may set it.
    const shown = await ask(`${api.url}/api/v1/webhooks/kl1`, { headers });
    expect(fieldOf(shown, "url")).toBe(receiver.url.replace(/\/hook$/, "/***"));
  });
});

describe("this API's own clients", () => {
  it("have it as it is, where KlipStream's clients are answered as well", async () => {
    await using compat = await startCompat();
    const { api, receiver } = compat;
    await register(api, receiver.url);

    const page = { status: 200, body: { data: [{ id: "kl1", profile: "klipstream" }], next: null } };
    expect(await asOurs(api, "/api/v1/webhooks")).toMatchObject(page);
    expect(await asOurs(api, "/api/v1/webhooks/kl1/")).toMatchObject({
      body: { retry_schedule: [{}, {}, {}] },
    });
    expect(await asOurs(api, "/api/v1/webhooks/events/available")).toMatchObject({ status: 404 });
    // What those clients do not know is the same for everyone.
    expect(await send(api, "POST", "/api/v1/webhooks/kl1/disable")).toMatchObject({
      status: 200,
      body: { disabled_because: expect.any(String) },
    });
    const headers = { "sec-fetch-site": "same-origin" };
    expect(await ask(`${api.url}/api/v1/webhooks`, { headers })).toMatchObject(page);
    const listed = await runCommand(["endpoints", "list", "--api", api.url, "--json"]);
    expect(JSON.parse(listed.stdout)).toMatchObject({ data: [{ id: "kl1" }] });
    const described = await ask(`${api.url}/openapi.json`);
    await using plain = await startApi(compat.hookwave);
    expect((await ask(`${plain.url}/openapi.json`)).body).toEqual(described.body);
  });

  it("have it as it is, whatever they say, where nobody has asked for the other one", async () => {
    await using compat = await startCompat();
    await using plain = await startApi(compat.hookwave);
    await register(compat.api, compat.receiver.url);

    for (const headers of [{}, { "hookwave-api": "1" }]) {
      const get = (path: string) => ask(`${plain.url}/api/v1/webhooks${path}`, { headers });
      expect(await get("/")).toMatchObject({ body: { data: [{ id: "kl1" }], next: null } });
      expect(await get("/?active_only=true")).toMatchObject({ status: 400 });
      expect(await get("/kl1/logs?limit=1000")).toMatchObject({ status: 400 });
      expect(await get("/events/available")).toMatchObject({ status: 404, body: { code: "ROUTE_UNKNOWN" } });
    }
    const put = await send(plain, "PUT", "/api/v1/webhooks/kl1/", { max_retries: 1 });
    expect(put).toMatchObject({ status: 422, body: { code: "ENDPOINT_INVALID" } });
    const tested = await send(plain, "POST", "/api/v1/webhooks/kl1/test", { event: "job.failed" });
    expect(tested).toMatchObject({ status: 400 });
  });
});
