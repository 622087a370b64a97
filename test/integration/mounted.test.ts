/** The API inside another program's server: the same as the service's own, and nothing of it outside its path. */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { networkInterfaces } from "node:os";
import type express from "express";
import fastify from "fastify";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expressHookwave } from "../../src/api/express.ts";
import { fastifyHookwave } from "../../src/api/fastify.ts";
import { createHookwave, type Hookwave } from "../../src/index.ts";
import { ask, publish, send, startApi } from "../support/api.ts";
import { EXPRESSES, HOSTS, type Host, MOUNTED_AT, openFastify } from "../support/hosts.ts";
import { deliver, SECRET, SOURCES, signedFor } from "../support/inbox.ts";
import { startReceiver } from "../support/receiver.ts";
import { LOOPBACK, startRedis, type TestRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

const KEY = "k".repeat(40);
const withKey = { authorization: `Bearer ${KEY}` };

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(async () => {
  await redis[Symbol.asyncDispose]();
});

type Line = readonly [level: string, message: string, fields: object];

async function embed(options: object = {}) {
  const lines: Line[] = [];
  const to = (level: string) => (fields: object, message: string) =>
    void lines.push([level, message, fields]);
  const hookwave = await createHookwave({
    redisUrl: redis.url,
    encryptionKey: Buffer.alloc(32, 5),
    prefix: `{${randomBytes(4).toString("hex")}}`,
    logger: { debug: to("debug"), info: to("info"), warn: to("warn"), error: to("error") },
    ...LOOPBACK,
    ...options,
  });
  await hookwave.start();
  return { ...hookwave, lines, [Symbol.asyncDispose]: hookwave.close };
}

describe.each(Object.entries(HOSTS))("the API mounted in %s", (_, open) => {
  it("publishes exact bytes, and asks for the same keys and roles as the service does", async () => {
    await using hookwave = await embed({ apiKey: KEY });
    await using receiver = await startReceiver();
    await using host = await open(hookwave);
    await hookwave.endpoints.add({ url: receiver.url, profile: "standard" });
    const body = '{"type":"thing.made","data":{"n":1.0,"t":"\\u00e9"}}';
    expect(await publish(host, body)).toMatchObject({ status: 401, body: { code: "UNAUTHENTICATED" } });
    expect(await publish(host, body, withKey)).toMatchObject({ status: 202 });
    await receiver.received(1);
    expect(String(receiver.requests[0]?.body)).toContain('"data":{"n":1.0,"t":"\\u00e9"}');

    const { token } = await hookwave.keys.create({ name: "looks", roles: ["read"] });
    const reader = { authorization: `Bearer ${token}` };
    expect(await publish(host, body, reader)).toMatchObject({ status: 403, body: { code: "FORBIDDEN" } });
    expect(await ask(`${host.url}/api/v1/webhooks`, { headers: reader })).toMatchObject({ status: 200 });
  });

  it("answers as the service's own listener does: status, headers and problem", async () => {
    await using hookwave = await embed({ apiKey: KEY });
    await using host = await open(hookwave);
    await using own = await startApi(hookwave, { settings: hookwave.mounting.settings });
    const headers = { ...withKey, "x-request-id": "same" };
    const json = { ...headers, "content-type": "application/json" };
    const requests: readonly (readonly [string, RequestInit])[] = [
      ["/healthz", { headers }],
      ["/readyz", { headers }],
      ["/api/v1/webhooks?limit=3", { headers }],
      ["/api/v1/webhooks/", { headers }],
      ["/api/v1/webhooks/none", { headers }],
      ["/api/v1/nothing", { headers }],
      ["/api/v1/webhooks", { method: "DELETE", headers }],
      ["/api/v1/events", { method: "POST", headers: json, body: "{" }],
      ["/api/v1/events", { method: "POST", headers: { ...json, "content-type": "text/plain" }, body: "x" }],
      ["/api/v1/webhooks", { method: "POST", headers: json, body: '{"url":7}' }],
      ["/api/v1/events", { method: "POST", headers: json, body: `"${"x".repeat(1_100_000)}"` }],
    ];
    for (const [path, init] of requests) {
      const [there, here] = [await ask(`${host.url}${path}`, init), await ask(`${own.url}${path}`, init)];
      expect({ path, status: there.status, body: there.body }).toEqual({
        path,
        status: here.status,
        body: here.body,
      });
      for (const name of [
        "content-type",
        "x-request-id",
        "content-security-policy",
        "allow",
        "www-authenticate",
      ])
        expect(there.headers.get(name), `${name} of ${path}`).toBe(here.headers.get(name));
    }
  });

  it("is described and shown where it is mounted: docs, description and console lead to each other", async () => {
    await using hookwave = await embed({ apiKey: KEY });
    await using host = await open(hookwave);
    const leads = async (path: string) => (await fetch(`${host.origin}${path}`)).url;
    expect(await leads(MOUNTED_AT)).toBe(`${host.url}/console/`);
    expect(await leads(`${MOUNTED_AT}/docs`)).toBe(`${host.url}/docs/`);
    const { text } = await ask(`${host.url}/docs/`);
    const files = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file = ""]) => file);
    expect(files.length).toBeGreaterThan(3);
    for (const file of files)
      expect((await ask(new URL(file, `${host.url}/docs/`).href)).status, file).toBe(200);
    for (const path of ["/openapi.json", "/docs/json"])
      expect((await ask(`${host.url}${path}`)).body).toMatchObject({ servers: [{ url: MOUNTED_AT }] });
  });

  it("takes a callback whose sender signed the URL that it was sent to", async () => {
    await using hookwave = await embed();
    await using host = await open(hookwave);
    const source = { id: "llm", profile: "ai-core", secret: SECRET };
    expect(await send(host, "POST", SOURCES, source)).toMatchObject({ status: 201 });
    const signed = signedFor(host, { profile: "ai-core" });
    expect(await deliver(host, signed)).toMatchObject({ status: 202, body: { signature: "valid" } });
  });

  it("says of what it has made where that is, as seen from outside", async () => {
    await using hookwave = await embed();
    await using host = await open(hookwave);
    const made = [
      await send(host, "POST", "/api/v1/webhooks", { url: "https://example.com/hook" }),
      await send(host, "POST", SOURCES, { id: "llm", profile: "ai-core", secret: SECRET }),
      await send(host, "POST", "/api/v1/replays", { filter: {} }),
    ];
    for (const { headers, body } of made) {
      const there = new URL(headers.get("location") ?? "", host.url).href;
      expect(await ask(there)).toMatchObject({ status: 200, body: { id: Object(body).id } });
    }
  });

  it("answers this machine without a key where there is none, and nobody else", async () => {
    await using hookwave = await embed();
    await using host = await open(hookwave, "0.0.0.0");
    const list = "/api/v1/webhooks";
    expect(await ask(`${host.url}${list}`)).toMatchObject({ status: 200 });
    const refused = { status: 401, body: { code: "UNAUTHENTICATED" } };
    expect(await ask(`${host.url}${list}`, { headers: { "x-forwarded-for": "203.0.113.7" } })).toMatchObject(
      refused,
    );
    const others = Object.values(networkInterfaces()).flatMap((all = []) => all);
    for (const { address, family, internal } of others) {
      if (internal || family !== "IPv4") continue;
      const url = host.url.replace("127.0.0.1", address);
      expect(await ask(`${url}${list}`)).toMatchObject(refused);
      expect(await ask(`${url}/healthz`)).toMatchObject({ status: 200 });
    }
  });

  it("counts for the rate limits, and writes to the program's logger", async () => {
    await using hookwave = await embed({ apiKey: KEY, apiRateLimit: 2 });
    await using host = await open(hookwave);
    const statuses: number[] = [];
    for (let asked = 0; asked < 3; asked += 1)
      statuses.push((await ask(`${host.url}/api/v1/status`, { headers: withKey })).status);
    expect(statuses).toEqual([200, 200, 429]);
    const finishedLines = () => hookwave.lines.filter(([, message]) => message === "request.finished");
    await until("each has its line", () => finishedLines().length === 3);
    const finished = finishedLines();
    expect(finished.map(([level, , fields]) => [level, Reflect.get(fields, "status")])).toEqual([
      ["info", 200],
      ["info", 200],
      ["info", 429],
    ]);
  });

  it("opens no listener, and leaves the program's other paths alone", async () => {
    const listeners = () =>
      process.getActiveResourcesInfo().filter((name) => name === "TCPServerWrap").length;
    await using hookwave = await embed({ apiKey: KEY });
    const before = listeners();
    await using host = await open(hookwave);
    await ask(`${host.url}/healthz`);
    expect(listeners()).toBe(before + 1);
    expect(await ask(`${host.origin}/healthz`)).not.toMatchObject({ status: 200 });
    expect(await ask(`${host.url}x/healthz`)).not.toMatchObject({ status: 200 });
  });
});

describe("an API that cannot be made ready", () => {
  /** Its routes are added while it is made ready, and this one's cannot be. */
  const broken = (hookwave: Awaited<ReturnType<typeof embed>>) =>
    Object.defineProperty({ ...hookwave }, "deadLetters", {
      get: () => {
        throw new Error("planted: no dead letters");
      },
    });

  it("fails the start of Fastify's application with the reason, which can be closed then", async () => {
    await using hookwave = await embed({ apiKey: KEY });
    const app = fastify();
    app.register(fastifyHookwave, { hookwave: broken(hookwave), prefix: MOUNTED_AT });
    await expect(app.listen({ host: "127.0.0.1", port: 0 })).rejects.toThrow("planted: no dead letters");
    expect(app.server.listening).toBe(false);
    await app.close();
  });

  it("fails the start of the service's own listener with the reason, and not with its port", async () => {
    await using hookwave = await embed({ apiKey: KEY });
    await expect(startApi(broken(hookwave))).rejects.toThrow(/^planted: no dead letters$/);
  });

  it.each(Object.entries(HOSTS).filter(([name]) => name !== "Fastify"))(
    "is heard of by %s at each request, which is answered",
    async (_, open) => {
      await using hookwave = await embed({ apiKey: KEY });
      await using host = await open(broken(hookwave));
      for (const path of ["/healthz", "/healthz", "/api/v1/status"])
        expect((await ask(`${host.url}${path}`)).status).toBeGreaterThanOrEqual(400);
      expect(await ask(`${host.origin}/own`)).toMatchObject({ status: expect.any(Number) });
    },
  );
});

describe("the application around it", () => {
  it("keeps Fastify's own parsers, errors and 404, and its hooks come first", async () => {
    await using hookwave = await embed({ apiKey: KEY });
    await using host = await openFastify(hookwave);
    expect(await send({ ...host, url: host.origin }, "POST", "/own", { a: 1 })).toMatchObject({
      body: { got: { a: 1 } },
    });
    expect((await ask(`${host.origin}/throws`)).body).toMatchObject({
      message: "of its own",
      statusCode: 500,
    });
    expect((await ask(`${host.origin}/nowhere`)).body).toMatchObject({
      message: "Route GET:/nowhere not found",
    });
    expect((await ask(`${host.url}/healthz`)).headers.get("x-own")).toBe("yes");
  });

  it("is Fastify 5, by the metadata of plugins; the plugin is encapsulated and may be there twice", async () => {
    const meta = Reflect.get(fastifyHookwave, Symbol.for("plugin-meta"));
    expect(meta).toEqual({ name: "hookwave", fastify: "5.x" });
    expect(Reflect.get(fastifyHookwave, Symbol.for("skip-override"))).toBeUndefined();
    await using hookwave = await embed({ apiKey: KEY });
    const app = fastify();
    for (const prefix of ["/a", "/b"]) await app.register(fastifyHookwave, { hookwave, prefix });
    for (const url of ["/a/healthz", "/b/healthz"])
      expect((await app.inject({ url })).json()).toEqual({ status: "ok" });
    await app.close();
  });
});

describe.each(Object.entries(EXPRESSES))("a parser of %s that comes before the API", (_, create) => {
  const withParser = async (parser: express.RequestHandler, hookwave: Hookwave): Promise<Host> => {
    const app = create();
    app.use(parser);
    app.use(MOUNTED_AT, expressHookwave({ hookwave }));
    const server = createServer(app).listen(0, "127.0.0.1");
    await once(server, "listening");
    const close = async (): Promise<void> => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    };
    const address = server.address();
    const origin = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
    return { origin, url: `${origin}${MOUNTED_AT}`, close, [Symbol.asyncDispose]: close };
  };

  it("may have taken the body as bytes", async () => {
    await using hookwave = await embed({ apiKey: KEY });
    await using host = await withParser(create.raw({ type: () => true }), hookwave);
    const taken = await publish(host, '{"type":"thing.made","id":"evt_1","data":{"n":1.0}}', withKey);
    expect(taken).toMatchObject({ status: 202, body: { id: "evt_1" } });
    expect(await ask(`${host.url}/api/v1/webhooks`, { headers: withKey })).toMatchObject({ status: 200 });
  });

  it.each([
    ["json", create.json()],
    ["text", create.text({ type: () => true })],
  ])(
    "is told what to do where it has taken the body as %s, and what has none still works",
    async (_, parser) => {
      await using hookwave = await embed({ apiKey: KEY });
      await using host = await withParser(parser, hookwave);
      expect(await publish(host, '{"type":"thing.made","data":{}}', withKey)).toMatchObject({
        status: 500,
        body: {
          code: "INTERNAL",
          got: "a request whose body another parser has taken",
          remedy: expect.stringContaining("before the body parser"),
        },
      });
      expect(await ask(`${host.url}/api/v1/webhooks`, { headers: withKey })).toMatchObject({ status: 200 });
    },
  );
});
