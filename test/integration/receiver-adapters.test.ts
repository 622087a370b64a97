/** Four frameworks, each with bodies that its usual parsers would change: what is verified is what arrived. */
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { getRequestListener } from "@hono/node-server";
import express from "express";
import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import type { ReceiverOptions } from "../../src/receiver/answer.ts";
import { expressReceiver } from "../../src/receiver/express.ts";
import { fetchReceiver } from "../../src/receiver/fetch.ts";
import { honoReceiver } from "../../src/receiver/hono.ts";
import { createInbox } from "../../src/receiver/inbox.ts";
import { createMemoryStore } from "../../src/receiver/inbox-store.ts";
import type { WebhookEvent } from "../../src/receiver/webhook-event.ts";
import { signedFixture } from "../../src/testing/signed-fixture.ts";
import {
  EXPRESS_PARSERS,
  FRAMEWORK_NAMES,
  FRAMEWORKS,
  listen,
  quietly,
} from "../support/receiving-servers.ts";

const SECRET = "shared secret";

interface Given extends ReceiverOptions {
  readonly events: readonly WebhookEvent[];
}

function given(handler: (event: WebhookEvent) => unknown = () => undefined): Given {
  const events: WebhookEvent[] = [];
  const inbox = createInbox({
    store: createMemoryStore(),
    handler: async (event) => {
      events.push(event);
      await handler(event);
    },
  });
  return { secrets: SECRET, inbox, events };
}

/** Signed from the specification's description, over bytes that our own sender would never send. */
function signed(body: Buffer, id = "evt_1"): Record<string, string> {
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const signature = createHmac("sha256", SECRET).update(`${id}.${timestamp}.`).update(body).digest("base64");
  return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": `v1,${signature}` };
}

interface Posted {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** Sends the chunks one by one; with more than one the transfer is chunked. */
async function post(
  url: string,
  headers: Record<string, string>,
  ...chunks: readonly Buffer[]
): Promise<Posted> {
  const request = httpRequest(url, { method: "POST", headers, agent: false });
  for (const chunk of chunks.slice(0, -1)) if (!request.write(chunk)) await once(request, "drain");
  request.end(chunks.at(-1));
  const [response] = await once(request, "response");
  const received: Buffer[] = await response.toArray();
  return { status: response.statusCode, headers: response.headers, body: Buffer.concat(received).toString() };
}

const envelope = (data: string): string =>
  `{"type":"thing.done","timestamp":"2025-03-04T05:06:07Z","data":${data}}`;
const JSON_TYPE = "application/json";

/** Each with the `data` that a handler has to see, or null where the bytes are right and yet no event. */
const BODIES: readonly (readonly [title: string, body: Buffer, contentType: string | null, data: unknown])[] =
  [
    [
      "big integers, 1.0, escapes and odd spaces",
      Buffer.from(envelope('{"n":12345678901234567890, "one":1.0 ,"esc":"\\u00e9\\/"}')),
      JSON_TYPE,
      JSON.parse('{"n":12345678901234567890,"one":1,"esc":"é/"}'),
    ],
    ["a BOM", Buffer.from(`\ufeff${envelope('"after a BOM"')}`), JSON_TYPE, "after a BOM"],
    [
      "letters beyond ASCII and line ends of all kinds",
      Buffer.from(`${envelope('"łódź 🦊"')}\r\n\r \n\t`),
      JSON_TYPE,
      "łódź 🦊",
    ],
    ["a charset that is not true", Buffer.from(envelope('"é"')), "application/json; charset=iso-8859-1", "é"],
    [
      "JSON that says it is a form",
      Buffer.from(envelope('"a=b&c=%20+"')),
      "application/x-www-form-urlencoded",
      "a=b&c=%20+",
    ],
    ["no content type at all", Buffer.from(envelope('"untold"')), null, "untold"],
    ["300 KB", Buffer.from(envelope(JSON.stringify("ab€".repeat(60_000)))), JSON_TYPE, "ab€".repeat(60_000)],
    ["bytes that are no UTF-8", Buffer.from(envelope('"\xff\xfe"'), "latin1"), JSON_TYPE, null],
    [
      "keys that a careless parser trips over",
      Buffer.from(envelope('{"__proto__":1,"a":1,"a":2}')),
      "text/plain",
      JSON.parse('{"__proto__":1,"a":2}'),
    ],
  ];

describe.each(FRAMEWORK_NAMES)("%s", (name) => {
  describe.each(BODIES)("with %s", (_, body, contentType, data) => {
    const headers = (): Record<string, string> => ({
      ...signed(body),
      ...(contentType === null ? {} : { "content-type": contentType }),
    });

    it("verifies the bytes as they arrived, whole or in tiny chunks", async () => {
      const options = given();
      await using server = await FRAMEWORKS[name](options);
      const inPieces = Array.from({ length: Math.ceil(body.length / 997) }, (_, n) =>
        body.subarray(997 * n, 997 * n + 997),
      );

      const whole = await post(server.url, headers(), body);
      const again = await post(server.url, headers(), ...inPieces);

      const expected = data === null ? [400, 400] : [200, 200];
      expect([whole.status, again.status]).toEqual(expected);
      expect(options.events.map((event) => event.data)).toEqual(data === null ? [] : [data]);
      expect(JSON.parse(again.body)).toMatchObject(
        data === null ? { code: "PAYLOAD_UNREADABLE" } : { result: "duplicate" },
      );
    });

    it("refuses it with one bit changed", async () => {
      const options = given();
      await using server = await FRAMEWORKS[name](options);
      const changed = Buffer.from(body);
      changed[changed.length >> 1] = (changed[changed.length >> 1] ?? 0) ^ 1;

      const answer = await post(server.url, headers(), changed);

      expect(answer.status).toBe(401);
      expect(JSON.parse(answer.body)).toMatchObject({ status: 401, code: "SIGNATURE_MISMATCH" });
      expect(answer.headers["content-type"]).toMatch(/^application\/problem\+json/);
      expect(options.events).toEqual([]);
    });
  });

  const body = Buffer.from(envelope("{}"));

  it("refuses an empty body and one without signature, and says so to whoever listens", async () => {
    const refused: string[] = [];
    const options = { ...given(), onRefused: (error: { readonly code: string }) => refused.push(error.code) };
    await using server = await FRAMEWORKS[name](options);
    expect((await post(server.url, signed(body))).status).toBe(401);
    expect((await post(server.url, {}, body)).status).toBe(401);
    expect(refused).toEqual(["SIGNATURE_MISMATCH", "HEADER_MISSING"]);
  });

  it("answers 413 to a body that is too large, told or not, and stays well", async () => {
    const options = { ...given(), maxBodyBytes: 100 };
    await using server = await FRAMEWORKS[name](options);
    const large = Buffer.from(envelope(JSON.stringify("x".repeat(200_000))));
    expect((await post(server.url, signed(large), large)).status).toBe(413);
    expect((await post(server.url, signed(large), large.subarray(0, 60), large.subarray(60))).status).toBe(
      413,
    );
    expect((await post(server.url, signed(body), body)).status).toBe(200);
    expect(options.events).toHaveLength(1);
  });

  it("answers 409 with Retry-After while another copy is in work, and 503 where a 4xx would be final", async () => {
    const started = Promise.withResolvers<void>();
    const finish = Promise.withResolvers<void>();
    const options = given(async () => {
      started.resolve();
      await finish.promise;
    });
    await using server = await FRAMEWORKS[name](options);
    await using aiCore = await FRAMEWORKS[name]({
      ...options,
      profile: "ai-core",
      targetUri: "https://r.example/hook",
    });
    const first = post(server.url, signed(body), body);
    await started.promise;

    const second = await post(server.url, signed(body), body);
    const fixture = signedFixture({
      profile: "ai-core",
      id: "evt_1",
      secrets: [SECRET],
      url: "https://r.example/hook",
    });
    const third = await post(aiCore.url, { ...fixture.headers }, Buffer.from(fixture.body));
    finish.resolve();

    expect(second).toMatchObject({ status: 409, headers: { "retry-after": "30" } });
    expect(third).toMatchObject({ status: 503, headers: { "retry-after": "30" } });
    expect((await first).status).toBe(200);
    expect(options.events).toHaveLength(1);
  });

  it("answers 500 when the handler throws, without saying why, and runs it again for the next copy", async () => {
    let isBroken = true;
    const options = given(() => {
      if (isBroken) throw new Error("expected: the database is away");
    });
    await using server = await FRAMEWORKS[name](options);
    expect((await post(server.url, signed(body), body)).status).toBe(500);
    isBroken = false;
    expect((await post(server.url, signed(body), body)).status).toBe(200);
    expect(options.events).toHaveLength(2);
  });

  it("leaves it to the framework to tell of a receiver without a secret, which is no fault of the sender's", async () => {
    await using server = await FRAMEWORKS[name]({ ...given(), secrets: [] });
    const answer = await post(server.url, signed(body), body);
    expect(answer.status).toBe(500);
    expect(answer.headers["content-type"]).not.toMatch("problem");
  });

  it("leaves the other routes' parsers alone", async () => {
    await using server = await FRAMEWORKS[name](given());
    const echoed = await post(server.echoUrl, { "content-type": JSON_TYPE }, Buffer.from('{"a": [1, "é"]}'));
    expect(echoed).toMatchObject({ status: 200, body: '{"a":[1,"é"]}' });
  });

  it("survives a sender that hangs up in the middle of its body", async () => {
    const options = given();
    await using server = await FRAMEWORKS[name](options);
    const { hostname, port } = new URL(server.url);
    const socket = connect(Number(port), hostname);
    socket.write(`POST /hook HTTP/1.1\r\nhost: ${hostname}\r\ncontent-length: 1000\r\n\r\n{"type"`, () =>
      socket.resetAndDestroy(),
    );
    await once(socket, "close");
    expect((await post(server.url, signed(body), body)).status).toBe(200);
  });
});

describe("behind somebody else's parser", () => {
  const body = Buffer.from(envelope('{"n": 1.0}'));
  const headers = { ...signed(body), "content-type": JSON_TYPE };

  it.each(EXPRESS_PARSERS)("%s", async (_, create, parser, status) => {
    const app = create().use(parser).post("/hook", expressReceiver(given())).use(quietly);
    await using server = await listen(app);
    const answer = await post(server.url, headers, body);
    expect(answer.status).toBe(status);
    // Express' own error handler hears of it, as of any bug.
    if (status === 500) expect(answer.headers["content-type"]).toMatch("text/plain");
    if (status === 500)
      expect(answer.body).toContain("expected the request's raw body as bytes, got a value");
  });

  it.each([
    ["text", (request: { text: () => Promise<string> }) => request.text()],
    ["json", (request: { json: () => Promise<unknown> }) => request.json()],
    ["arrayBuffer", (request: { arrayBuffer: () => Promise<ArrayBuffer> }) => request.arrayBuffer()],
  ])("Hono's req.%s(), which it remembers", async (_, read) => {
    const app = new Hono();
    app.use(async ({ req }, next) => {
      await read(req);
      await next();
    });
    app.post("/hook", honoReceiver({ ...given(), maxBodyBytes: 1_000 }));
    await using server = await listen(getRequestListener(app.fetch));
    expect((await post(server.url, headers, body)).status).toBe(200);
    const large = Buffer.from(envelope(JSON.stringify("x".repeat(1_000))));
    expect((await post(server.url, signed(large), large)).status).toBe(413);
  });

  it("express.raw, whose limit is not ours", async () => {
    const options = { ...given(), maxBodyBytes: 50 };
    const app = express()
      .use(express.raw({ type: () => true }))
      .post("/hook", expressReceiver(options));
    await using server = await listen(app);
    expect((await post(server.url, headers, body)).status).toBe(413);
  });

  it("a Request that somebody has read", async () => {
    const request = new Request("https://r.example/hook", { method: "POST", body, headers });
    await request.text();
    await expect(fetchReceiver(given())(request)).rejects.toMatchObject({ code: "BODY_NOT_RAW" });
  });

  it("Express hears of a sender that hangs up", async () => {
    const heard = Promise.withResolvers<unknown>();
    const hear: express.ErrorRequestHandler = (error, _request, _response, _next) => heard.resolve(error);
    await using server = await listen(express().post("/hook", expressReceiver(given())).use(hear));
    const { hostname, port } = new URL(server.url);
    const socket = connect(Number(port), hostname);
    socket.write("POST /hook HTTP/1.1\r\nhost: r\r\ncontent-length: 9\r\n\r\n{", () =>
      socket.resetAndDestroy(),
    );
    await expect(heard.promise).resolves.toMatchObject({ code: "ECONNRESET" });
  });
});
