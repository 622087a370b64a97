/** The id of a request: taken from the caller or made, answered, and found in the log. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { system } from "../../src/config/system.ts";
import { logHappenings } from "../../src/observe/happening-log.ts";
import { createLog, type Log } from "../../src/observe/log.ts";
import { type Api, ask, startApi } from "../support/api.ts";
import { casesOf } from "../support/depth.ts";
import { converse } from "../support/raw-http.ts";
import { startHookwave, startRedis, type TestHookwave, type TestRedis } from "../support/service.ts";

let redis: TestRedis;
let hookwave: TestHookwave;
let api: Api;
let log: Log;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;

beforeAll(async () => {
  redis = await startRedis();
  hookwave = await startHookwave(redis, { role: "api" });
  log = createLog({ level: "debug", destination: join(redis.dataDir, "ids.log") });
  api = await startApi(hookwave, { logger: log.logger });
});
afterAll(async () => {
  await api.close();
  await log.close();
  await hookwave.close();
  await redis[Symbol.asyncDispose]();
});

const idOf = ({ headers }: { readonly headers: Headers }) => headers.get("x-request-id");
const withId = (path: string, id: string, method = "GET") =>
  ask(`${api.url}${path}`, { method, headers: { "x-request-id": id } });

describe("a request's id", () => {
  it.each([
    ["an answer", "GET", "/api/v1/event-types", 200],
    ["a probe", "GET", "/healthz", 200],
    ["a page", "GET", "/docs/", 200],
    ["a refusal by a route", "GET", "/api/v1/webhooks/ep_none", 404],
    ["a path that is none", "GET", "/nothing", 404],
    ["a method that is none", "PUT", "/api/v1/status", 405],
  ])("is the caller's in %s", async (_what, method, path, status) => {
    const answer = await withId(path, "edge-7f3a.42", method);
    expect([answer.status, idOf(answer)]).toEqual([status, "edge-7f3a.42"]);
  });

  it("is in a problem's body, for whoever sees no more than that", async () => {
    const { body } = await withId("/api/v1/webhooks/ep_none", "edge-7f3a.43");
    expect(body).toMatchObject({ code: "ENDPOINT_UNKNOWN", request_id: "edge-7f3a.43" });
  });

  it("is in the answer to a URL that cannot be read", async () => {
    const head = ["GET /api/v1/%zz HTTP/1.1", "host: localhost", "x-request-id: edge-1", "connection: close"];
    const answer = await converse(api, `${head.join("\r\n")}\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain("\r\nx-request-id: edge-1\r\n");
  });

  it("is a new one each time where none comes", async () => {
    const ids = [idOf(await ask(`${api.url}/healthz`)), idOf(await ask(`${api.url}/healthz`))];
    expect(ids).toEqual([expect.stringMatching(UUID), expect.stringMatching(UUID)]);
    expect(new Set(ids).size).toBe(2);
  });

  it.each([
    ["is too long", "a".repeat(129)],
    ["is empty", ""],
    ["has a space", "a b"],
    ["has a quotation mark", 'a"b'],
    ["has a backslash", "a\\n"],
    ["would colour a terminal", "a\u009b31m"],
    ["is two", "one, two"],
  ])("is a new one where the caller's %s", async (_why, id) => {
    expect(idOf(await withId("/healthz", id))).toMatch(UUID);
  });

  it("is either the caller's or a new one, and never anything else", async () => {
    // 0x7f is what no client sends.
    const character = fc
      .oneof(fc.integer({ min: 0x20, max: 0x7e }), fc.integer({ min: 0x80, max: 0xff }))
      .map((code) => String.fromCharCode(code));
    const headerText = fc.string({ unit: character, maxLength: 140 });
    await fc.assert(
      fc.asyncProperty(headerText, async (id) => {
        const answered = idOf(await withId("/healthz", id)) ?? "";
        expect(answered).toMatch(/^[A-Za-z0-9._~:+/=@-]{1,128}$/);
        expect(answered === id.trim() || UUID.test(answered)).toBe(true);
      }),
      { numRuns: casesOf(500) },
    );
  });

  it("is in every line that its work has written, and in no line of another", async () => {
    const logFile = join(redis.dataDir, "lines.log");
    const own = createLog({ level: "debug", destination: logFile });
    await using service = await startHookwave(redis, {
      role: "api",
      listeners: [logHappenings(own, system).tell],
    });
    await using other = await startApi(service, { logger: own.logger });
    // One for each: an endpoint that is disabled already is told of no more.
    const made = async () => (await service.endpoints.add({ url: "https://receiver.example/" })).id;
    const disable = async (id: string) =>
      ask(`${other.url}/api/v1/webhooks/${await made()}/disable`, {
        method: "POST",
        headers: { "x-request-id": id },
      });
    await Promise.all([disable("edge-9"), disable("edge-10"), service.endpoints.disable(await made())]);
    await other.close();
    await own.close();

    const lines = (await readFile(logFile, "utf8"))
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    const ids = (msg: string) => lines.filter((line) => line.msg === msg).map(({ requestId }) => requestId);
    expect(ids("endpoint.disabled").toSorted()).toEqual(["edge-10", "edge-9", undefined]);
    expect(ids("request.finished").toSorted()).toEqual(["edge-10", "edge-9"]);
  });
});
