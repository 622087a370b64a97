/** What the HTTP API refuses, and that it says so as a problem document (RFC 9457) and publishes nothing. */
import { readFile } from "node:fs/promises";
import { Agent } from "node:http";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EVENT_DATA_MAX_BYTES } from "../../src/core/event.ts";
import { createLog } from "../../src/observe/log.ts";
import { type Answer, type Api, ask, publish, startApi } from "../support/api.ts";
import { converse } from "../support/raw-http.ts";
import { sendRaw } from "../support/raw-request.ts";
import { startHookwave, startRedis, type TestHookwave, type TestRedis } from "../support/service.ts";

const agent = new Agent();

const SENTINEL = '{"type":"thing.made","id":"evt_last","data":{}}';

describe("a request that cannot be served", () => {
  let redis: TestRedis;
  let hookwave: TestHookwave;
  let api: Api;
  beforeAll(async () => {
    redis = await startRedis();
    hookwave = await startHookwave(redis);
    api = await startApi(hookwave);
  });
  afterAll(async () => {
    await api.close();
    await hookwave.close();
    await redis[Symbol.asyncDispose]();
    expect(hookwave.happenings.filter(({ kind }) => kind === "events.published")).toEqual([]);
  });

  function expectProblem(answer: Answer, status: number, code: string): void {
    expect(answer.headers.get("content-type")).toMatch(/^application\/problem\+json/);
    expect(answer.body).toMatchObject({
      type: "about:blank",
      title: expect.stringMatching(/\w/),
      status,
      code,
      detail: expect.stringMatching(/^expected .+, got .+; .+/s),
    });
    expect(answer.status).toBe(status);
  }

  it.each([
    ["text that is no JSON", "{", 400, "REQUEST_INVALID"],
    ["an empty body", "", 400, "REQUEST_INVALID"],
    ["bytes that are no UTF-8", Buffer.from('{"type":"a","data":"\xff"}', "latin1"), 400, "REQUEST_INVALID"],
    ["65 levels", `{"type":"a","data":${"[".repeat(64)}${"]".repeat(64)}}`, 400, "REQUEST_INVALID"],
    ["an event without data", '{"type":"a"}', 422, "EVENT_INVALID"],
    ["data that a known type does not allow", '{"type":"task_completed","data":{}}', 422, "EVENT_INVALID"],
    ["an empty list", "[]", 422, "EVENT_INVALID"],
    ["101 events", JSON.stringify(Array(101).fill({ type: "a", data: 1 })), 413, "BODY_TOO_LARGE"],
    [
      "data over 256 KiB",
      `{"type":"a","data":"${"x".repeat(EVENT_DATA_MAX_BYTES)}"}`,
      413,
      "EVENT_TOO_LARGE",
    ],
  ])("is refused: %s", async (_what, body, status, code) => {
    expectProblem(await publish(api, body), status, code);
  });

  it.each(["text/plain", "application/xml", "multipart/form-data", "application/jsonp", "nonsense"])(
    "is refused when its body is called %s",
    async (type) => {
      const answer = await publish(api, SENTINEL, { "content-type": type });

      expectProblem(answer, 415, "MEDIA_TYPE_UNSUPPORTED");
    },
  );

  it.each(["gzip", "br", "identity, gzip", "x".repeat(200)])(
    "is refused by name when its body is encoded: %s",
    async (encoding) => {
      const answer = await publish(api, gzipSync(SENTINEL), { "content-encoding": encoding });

      expectProblem(answer, 415, "MEDIA_TYPE_UNSUPPORTED");
      expect(Object(answer.body).detail).toMatch(/Content-Encoding, got "(?:gzip|br|identity, gzip|x{40})"/);
    },
  );

  it.each([
    "2026-02-30T10:00:00Z",
    "2026-13-45T99:99:99Z",
    "2026-11-28T10:00:00+25:99",
    "0000-00-00T00:00:00Z",
  ])("is refused when there is no such time: %s", async (timestamp) => {
    for (const member of ["timestamp", "expires_at"]) {
      const answer = await publish(api, JSON.stringify({ type: "a", data: 1, [member]: timestamp }));
      expectProblem(answer, 422, "EVENT_INVALID");
    }
  });

  it("is refused when its body is called nothing, or is not there", async () => {
    const request = { method: "POST", body: Buffer.from(SENTINEL) };
    expectProblem(await ask(`${api.url}/api/v1/events`, request), 415, "MEDIA_TYPE_UNSUPPORTED");
    expectProblem(await ask(`${api.url}/api/v1/events`, { method: "POST" }), 400, "REQUEST_INVALID");
  });

  it("is refused when its Idempotency-Key cannot be an event's id", async () => {
    const answer = await publish(api, '{"type":"a","data":1}', { "idempotency-key": "a.b" });

    expectProblem(answer, 400, "REQUEST_INVALID");
  });

  it("is refused from its head alone when it announces a body over 1 MiB", async () => {
    const head = `POST /api/v1/events HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${1_024 * 1_024 + 1}\r\n\r\n`;

    expect(await converse(api, head)).toMatch(/^HTTP\/1\.1 413 .*"code":"BODY_TOO_LARGE"/s);
  });

  it("is refused when an unannounced body grows over 1 MiB", async () => {
    const head =
      "POST /api/v1/events HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    const chunk = `100001\r\n${" ".repeat(1_024 * 1_024 + 1)}`;

    expect(await converse(api, head + chunk)).toMatch(/^HTTP\/1\.1 413 .*"code":"BODY_TOO_LARGE"/s);
  });

  it("is told when there is nothing at its path, or not with its method", async () => {
    expectProblem(await ask(`${api.url}/api/v2/events?x=1`), 404, "ROUTE_UNKNOWN");
    expectProblem(await ask(`${api.url}/%zz`), 400, "REQUEST_INVALID");
    const wrongMethod = await ask(`${api.url}/api/v1/events?x=1`, { method: "DELETE" });
    expectProblem(wrongMethod, 405, "METHOD_NOT_ALLOWED");
    expect(wrongMethod.headers.get("allow")).toBe("GET, HEAD, POST");
    const posted = await ask(`${api.url}/healthz`, { method: "POST" });
    expect(posted.headers.get("allow")).toBe("GET, HEAD");
  });

  it.each([
    "%00",
    "a%00b",
    "..%2f..%2fpackage.json",
    "%2e%2e/",
    "%5c..%5c",
    "a\\b",
    "/x",
    "x".repeat(300),
    "x".repeat(10_000),
    "a/".repeat(3_000),
    "nothing.js",
    "%0d%0a",
  ])("is told that there is no such file of the docs: %#", async (name) => {
    const path = `/docs/static/${name}`;
    const { status, type, text } = await sendRaw(
      api.url,
      { method: "GET", path, headers: [] },
      agent,
      10_000,
    );

    expect([status, type]).toEqual([404, "application/problem+json; charset=utf-8"]);
    expect(JSON.parse(text).code).toBe("ROUTE_UNKNOWN");
  });

  it.each([
    ["GET ? HTTP/1.1\r\nhost: x\r\n\r\n", 400],
    ["nonsense\r\n\r\n", 400],
    [`GET / HTTP/1.1\r\nhost: x\r\nlong: ${"x".repeat(20_000)}\r\n\r\n`, 431],
  ])("is told so when it is no HTTP: %#", async (text, status) => {
    const answer = await converse(api, text);

    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} .*application/problem\\+json`, "s"));
    expect(answer).toContain('"code":"REQUEST_INVALID"');
  });

  it("is told so when its id is too long, and the longest that a delivery can have is not", async () => {
    const delivery = (id: string) => ask(`${api.url}/api/v1/deliveries/${id}`);
    expectProblem(await delivery(`${"e".repeat(64)}.${"p".repeat(64)}`), 404, "DELIVERY_UNKNOWN");
    expectProblem(await delivery("x".repeat(201)), 400, "REQUEST_INVALID");
    expectProblem(await delivery("x".repeat(10_000)), 400, "REQUEST_INVALID");
  });

  it("learns nothing of a failure of our own, which the log tells", async () => {
    const health = () => Promise.reject(new Error("a secret of ours"));
    const logFile = join(redis.dataDir, "failing.log");
    const log = createLog({ level: "error", destination: logFile });
    await using failing = await startApi({ ...hookwave, health }, { logger: log.logger });

    const answer = await ask(`${failing.url}/health/webhooks`);

    expectProblem(answer, 500, "INTERNAL");
    expect(JSON.stringify(answer.body)).not.toContain("a secret of ours");
    await log.close();
    expect(JSON.parse(await readFile(logFile, "utf8"))).toMatchObject({
      level: "error",
      msg: "request.failed",
      route: "/health/webhooks",
      error: { name: "Error", message: "a secret of ours", code: null },
    });
  });
});
