/** Publishing over HTTP with the client: a real service, a real Redis, and servers that fail on the way. */
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ClientError, createClient } from "../../src/client/index.ts";
import { edgeFetch } from "../support/edge-fetch.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { until } from "../support/until.ts";
import { startWebhookService, type WebhookService } from "../support/webhooks.ts";

const KEY = "k".repeat(32);

let service: WebhookService;
let receiver: Receiver;
beforeAll(async () => {
  service = await startWebhookService({ apiKey: KEY });
  receiver = await startReceiver();
  await service.hookwave.endpoints.add({ id: "one", url: receiver.url, events: ["order.*"] });
});
afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await receiver.close();
});

interface Middle extends AsyncDisposable {
  readonly url: string;
  readonly bodies: readonly string[];
}

type Interfere = (response: ServerResponse, pass: () => Promise<Response>) => unknown;

/** Stands before the service; `answers` are used one after the other, then requests are passed on. */
async function startMiddle(...answers: readonly Interfere[]): Promise<Middle> {
  const bodies: string[] = [];
  const left = [...answers];
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString();
    bodies.push(body);
    const headers = { authorization: `Bearer ${KEY}`, "content-type": "application/json" };
    const pass = () => fetch(`${service.api.url}${request.url}`, { method: "POST", headers, body });
    const answer = left.shift();
    if (answer !== undefined) {
      await answer(response, pass);
      return;
    }
    const passed = await pass();
    response.writeHead(passed.status).end(await passed.text());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    bodies,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const bodiesOf = (type: string): readonly string[] =>
  receiver.requests.map(({ body }) => String(body)).filter((body) => body.includes(`"${type}"`));

describe("the client", () => {
  const client = () => createClient({ url: service.api.url, apiKey: KEY });

  it("publishes what receivers get, byte for byte, and values of types with names", async () => {
    interface Order {
      readonly id: string;
      readonly at: Date;
    }
    const order: Order = { id: "o_1", at: new Date(0) };
    const { id } = await client().publish({ type: "order.named", data: order });
    await client().publish({ type: "order.text", dataText: '{"n": 12345678901234567890}', id: "evt_text" });
    await receiver.received(2);
    expect(id).toMatch(/^evt_[0-9a-f]{32}$/);
    expect(receiver.ids().toSorted()).toEqual([id, "evt_text"].toSorted());
    expect(bodiesOf("order.named")[0]).toContain('"data":{"id":"o_1","at":"1970-01-01T00:00:00.000Z"}');
    expect(bodiesOf("order.text")[0]).toContain('"data":{"n": 12345678901234567890}');
  });

  it("publishes many, in as many requests as it takes", async () => {
    await using middle = await startMiddle();
    const big = { text: "x".repeat(100_000) };
    const small = Array.from({ length: 150 }, (_, n) => ({
      type: "many.small",
      data: { n },
      id: `evt_s${n}`,
    }));
    const bigs = Array.from({ length: 8 }, (_, n) => ({ type: "many.big", data: big, id: `evt_b${n}` }));
    const receipts = await createClient({ url: middle.url }).publishMany([...small, ...bigs]);
    expect(receipts.map(({ id }) => id)).toEqual([...small, ...bigs].map(({ id }) => id));
    expect(middle.bodies.length).toBeGreaterThan(3);
    for (const body of middle.bodies) expect(Buffer.byteLength(body)).toBeLessThan(1_024 * 1_024);
    expect(await client().publishMany([])).toEqual([]);
  });

  it("asks again under the same id while the service does not answer or cannot, and the event comes once", async () => {
    await using middle = await startMiddle(
      // Stored, and the answer is lost.
      async (response, pass) => {
        await pass();
        response.destroy();
      },
      (response) => response.writeHead(503, { "retry-after": "0" }).end("<html>"),
      (response) => response.writeHead(429, { "retry-after": "0" }).end("{}"),
    );
    const { id } = await createClient({ url: middle.url }).publish({ type: "order.again", data: {} });
    expect(new Set(middle.bodies).size).toBe(1);
    expect(middle.bodies).toHaveLength(4);
    await client().publish({ type: "order.after", data: {}, id: "evt_after" });
    await until("what came after it is there", () => receiver.ids().includes("evt_after"));
    expect(receiver.ids().filter((one) => one === id)).toHaveLength(1);
  });

  it("gives up after its tries, with the ids to publish under again", async () => {
    const unavailable = (response: ServerResponse) =>
      response.writeHead(503, { "retry-after": "0" }).end("{}");
    await using middle = await startMiddle(unavailable, unavailable);
    const asked = createClient({ url: middle.url, tries: 2 }).publishMany([
      { type: "order.lost", data: {}, id: "evt_l" },
    ]);
    const error = await asked.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ClientError);
    expect(error).toMatchObject({ code: "API_UNAVAILABLE", status: 503, ids: ["evt_l"] });
    expect(middle.bodies).toHaveLength(2);
  });

  it("has the ids of all that were asked for, also where a later request of theirs fails", async () => {
    await using middle = await startMiddle((response) => response.writeHead(400).end("{}"));
    const events = Array.from({ length: 150 }, (_, n) => ({ type: "order.part", data: { n } }));
    const asked = createClient({ url: middle.url, tries: 1 }).publishMany(events);
    const { ids } = await asked.catch((thrown: unknown) => Object(thrown));
    expect(new Set(ids).size).toBe(events.length);
  });

  it("ends a request that is not answered in time", async () => {
    await using middle = await startMiddle(() => undefined);
    const impatient = createClient({ url: middle.url, timeoutMs: 50, tries: 1 });
    await expect(impatient.publish({ type: "order.late", data: {} })).rejects.toMatchObject({
      code: "API_UNAVAILABLE",
      status: null,
      got: "none within 50 ms",
    });
  });

  it("publishes from a runtime that can only follow a redirect or hand it over", async () => {
    const edge = createClient({ url: service.api.url, apiKey: KEY, fetch: edgeFetch });
    expect(await edge.publish({ type: "edge.made", data: {}, id: "evt_edge" })).toEqual({ id: "evt_edge" });
  });

  it("follows no redirect, and says what came", async () => {
    await using elsewhere = await startMiddle();
    await using middle = await startMiddle((response) =>
      response.writeHead(307, { location: `${elsewhere.url}/api/v1/events` }).end(),
    );
    const asked = createClient({ url: middle.url, apiKey: KEY }).publish({ type: "order.moved", data: {} });
    await expect(asked).rejects.toMatchObject({ code: "API_UNAVAILABLE", status: 307 });
    expect(middle.bodies).toHaveLength(1);
    expect(elsewhere.bodies).toEqual([]);
  });

  it("says a refusal in the service's words, at once", async () => {
    await using middle = await startMiddle();
    const asked = createClient({ url: middle.url }).publish({ type: "no type!", data: {} });
    await expect(asked).rejects.toMatchObject({ code: "EVENT_INVALID", status: 422 });
    expect(middle.bodies).toHaveLength(1);
    const keyless = createClient({ url: service.api.url }).publish({ type: "order.paid", data: {} });
    await expect(keyless).rejects.toMatchObject({ code: "UNAUTHENTICATED", status: 401 });
  });

  it.each([
    ["a number that JSON has not", { data: { n: Number.NaN } }, "NaN at /n"],
    ["a Map", { data: new Map() }, "a Map"],
    ["text that is no JSON", { dataText: '1,"id":"x"' }, "something else"],
    ["half of a surrogate pair", { dataText: '"\ud800"' }, "something else"],
    ["both", { data: {}, dataText: "{}" }, "both"],
    ["no data at all", {}, "nothing"],
  ])("sends nothing of what JSON would change: %s", async (_, fields, got) => {
    await using middle = await startMiddle();
    const event = { type: "order.odd", ...fields } as { readonly type: string; readonly data: object };
    await expect(createClient({ url: middle.url }).publish(event)).rejects.toMatchObject({
      code: "EVENT_INVALID",
      got,
    });
    expect(middle.bodies).toEqual([]);
  });

  it.each([
    ["http to another machine", { url: "http://hooks.example.com" }],
    ["no address", { url: "hooks" }],
    ["an address with a password", { url: "https://a:b@hooks.example.com" }],
    ["no tries", { tries: 0 }],
    ["a timeout that is none", { timeoutMs: Number.NaN }],
  ])("refuses %s", (_, options) => {
    expect(() => createClient(options)).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
  });
});
