/** The HTTP API over a real service, Redis and receiver: what is published arrives as it was written. */
import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createLog } from "../../src/observe/log.ts";
import { type Api, ask, publish, startApi } from "../support/api.ts";
import { startReceiver } from "../support/receiver.ts";
import { secretOf } from "../support/secret-of.ts";
import { startHookwave, startRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

const SENTINEL = '{"type":"thing.made","id":"evt_last","data":{}}';

describe("POST /api/v1/events", () => {
  it("delivers data byte for byte: big integers, key order, duplicate keys, escapes, white space", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis);
    await using api = await startApi(hookwave);
    await using receiver = await startReceiver();
    await hookwave.endpoints.add({ url: receiver.url });
    const data =
      '{ "2":1.0,"1":12345678901234567890,\n"é":"\\u00e9\\/😀\\ud800", "a":[ ],"a":null, "__proto__":{"x":1e400} }';

    const answer = await publish(
      api,
      `{"data": ${data} ,"timestamp":"2026-01-31T12:00:00Z","type":"bytes.kept"}`,
    );

    const [request] = await receiver.received(1);
    expect(answer).toMatchObject({ status: 202, body: { id: request?.headers["webhook-id"] } });
    expect(String(request?.body)).toBe(
      `{"type":"bytes.kept","timestamp":"2026-01-31T12:00:00Z","data":${data}}`,
    );
  });

  it("publishes a list and answers with its ids in order, also when it holds one event", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis);
    await using api = await startApi(hookwave);
    await using receiver = await startReceiver();
    await hookwave.endpoints.add({ url: receiver.url });
    const event = (id: string) => `{"type":"thing.made","id":"${id}","data":"${id}"}`;

    const three = await publish(api, `[${["evt_c", "evt_a", "evt_b"].map(event).join(", ")}]`);
    const one = await publish(api, `[${event("evt_d")}]`);

    expect(three).toMatchObject({ status: 202, body: { ids: ["evt_c", "evt_a", "evt_b"] } });
    expect(one).toMatchObject({ status: 202, body: { ids: ["evt_d"] } });
    await receiver.received(4);
    expect(receiver.ids().toSorted()).toEqual(["evt_a", "evt_b", "evt_c", "evt_d"]);
  });

  it("publishes nothing of a list with an invalid event in it, and names all that is wrong", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis);
    await using api = await startApi(hookwave);
    await using receiver = await startReceiver();
    await hookwave.endpoints.add({ url: receiver.url });

    const answer = await publish(
      api,
      '[{"type":"thing.made","data":1},{"type":"Thing!","data":1},{"type":"thing.made"}]',
    );

    expect(answer).toMatchObject({
      status: 422,
      body: { code: "EVENT_INVALID", errors: [{ pointer: "#/1/type" }, { pointer: "#/2/data" }] },
    });
    await publish(api, SENTINEL);
    await receiver.received(1);
    expect(receiver.ids()).toEqual(["evt_last"]);
  });

  it("delivers to the destinations an event brings, and refuses ones that bring a secret", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis);
    await using api = await startApi(hookwave);
    await using caller = await startReceiver();
    await using own = await startReceiver();
    const secrets = [secretOf("s")];
    await hookwave.endpoints.add({
      id: "tasks",
      url: own.url,
      events: ["none"],
      secrets,
      signsDestinations: true,
    });
    const event = (more: object): string =>
      JSON.stringify({
        type: "thing.made",
        data: {},
        destinations: [{ url: caller.url, keyId: "tasks", ...more }],
      });

    expect(await publish(api, event({ secret: "canary" }))).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: "#/destinations" }] },
    });
    const answer = await publish(api, event({}));

    await caller.received(1);
    expect(answer.body).toEqual({ id: caller.ids()[0] });
  });

  it("delivers once what is published twice with one Idempotency-Key", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis);
    await using api = await startApi(hookwave);
    await using receiver = await startReceiver();
    await hookwave.endpoints.add({ url: receiver.url });
    const again = () => publish(api, '{"type":"thing.made","data":{}}', { "idempotency-key": "order-4711" });

    for (const answer of [await again(), await again()])
      expect(answer).toMatchObject({ status: 202, body: { id: "order-4711" } });

    await until("the second was skipped", () =>
      hookwave.happenings.some((one) => one.kind === "event.duplicated" && one.eventId === "order-4711"),
    );
    await publish(api, SENTINEL);
    await until("the last one has come", () => receiver.ids().includes("evt_last"));
    expect(receiver.ids()).toEqual(["order-4711", "evt_last"]);
  });

  it("answers 503 once the service has been closed", async () => {
    await using redis = await startRedis();
    const hookwave = await startHookwave(redis);
    await using api = await startApi(hookwave);
    await hookwave.close();

    const answer = await publish(api, '{"type":"thing.made","data":{}}');

    expect(answer).toMatchObject({ status: 503, body: { code: "CLOSED" } });
  });
});

describe("the request log", () => {
  it("has one line per request with its method, route, status and duration, and nothing of its content", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis);
    const logFile = join(redis.dataDir, "api.log");
    const log = createLog({ level: "info", destination: logFile });
    await using api = await startApi(hookwave, { logger: log.logger });
    const secret = { "x-credential": "s3cret", "idempotency-key": "s3cret" };

    await publish(api, '{"type":"thing.made","data":"s3cret"}', secret);
    await ask(`${api.url}/api/v1/events?token=s3cret`, { method: "DELETE" });
    await ask(`${api.url}/s3cret`);
    await api.close();
    await log.close();

    const lines = (await readFile(logFile, "utf8"))
      .trimEnd()
      .split("\n")
      .map((line): unknown => JSON.parse(line));
    const written = {
      level: "info",
      time: expect.any(String),
      pid: process.pid,
      hostname: expect.any(String),
      msg: "request.finished",
      requestId: expect.any(String),
      durationMs: expect.any(Number),
    };
    expect(lines).toEqual([
      { ...written, method: "POST", route: "/api/v1/events", status: 202 },
      { ...written, method: "DELETE", route: null, status: 405 },
      { ...written, method: "GET", route: null, status: 404 },
    ]);
    expect(JSON.stringify(lines)).not.toContain("s3cret");
  });
});

describe("listening and closing", () => {
  it("refuses a port that is taken, naming the settings that change it", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis);
    await using api = await startApi(hookwave);
    const port = Number(new URL(api.url).port);

    await expect(startApi(hookwave, { port })).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringMatching(/EADDRINUSE.*HOOKWAVE_PORT/),
    });
  });

  it("serves a request that had begun before it closes", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis);
    await using api = await startApi(hookwave);
    const { socket, answers } = await beginRequest(api, "GET /healthz HTTP/1.1\r\nhost: localhost\r\n");

    const closed = api.close();
    socket.write("\r\n");
    await closed;

    await until("the answer is there", () => socket.closed);
    expect(answers().match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2);
  });

  it("closes although a client never finishes its request", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis);
    await using api = await startApi(hookwave);
    const head =
      "POST /api/v1/events HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n";
    const { socket } = await beginRequest(api, head);

    await api.close();

    await until("the connection is closed", () => socket.closed);
  });
});

/** Sends the start of a request behind a whole one, whose answer shows that the server has got both. */
async function beginRequest(api: Api, start: string) {
  const { hostname, port } = new URL(api.url);
  const socket = connect(Number(port), hostname).setEncoding("utf8");
  let text = "";
  socket.on("data", (chunk: string) => {
    text += chunk;
  });
  socket.on("error", () => socket.destroy());
  socket.write(`GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n${start}`);
  await until("the first request is answered", () => text.endsWith('{"status":"ok"}'));
  return { socket, answers: () => text };
}
