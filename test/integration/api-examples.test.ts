/** The examples of the OpenAPI document, with which "Try it out" begins: each is sent as it stands, and succeeds. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Answer, type Api, ask, startApi } from "../support/api.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis } from "../support/service.ts";

interface Described {
  readonly operationId: string;
  readonly method: string;
  readonly path: string;
  readonly media: { readonly example?: unknown; readonly schema?: object };
}

/** One of the examples makes a key, and from then on one is asked for. */
const KEY = "k".repeat(32);

const stack = new AsyncDisposableStack();
let api: Api;
let receiver: Receiver;
beforeAll(async () => {
  receiver = stack.use(await startReceiver());
  const hookwave = stack.use(await startHookwave(stack.use(await startRedis()), { apiKey: KEY }));
  api = stack.use(await startApi(hookwave));
});
afterAll(() => stack.disposeAsync());

function send(method: string, path: string, body: unknown): Promise<Answer> {
  const headers = { authorization: `Bearer ${KEY}`, "content-type": "application/json" };
  return ask(`${api.url}${path}`, { method, headers, body: JSON.stringify(body) });
}

/** The id of something that is there for this operation alone. */
async function idFor(path: string, operationId: string): Promise<string> {
  if (path.startsWith("/api/v1/webhooks/")) {
    const webhook = { id: operationId, url: receiver.url, events: ["nothing.else"] };
    expect(await send("POST", "/api/v1/webhooks", webhook)).toMatchObject({ status: 201 });
    return operationId;
  }
  const source = { id: operationId.toLowerCase(), profile: "llm-service", secret: null };
  if (path.includes("{id}"))
    expect(await send("POST", "/api/v1/sources", source)).toMatchObject({ status: 201 });
  if (!path.startsWith("/api/v1/callbacks/{id}")) return source.id;
  const taken = await send("POST", `/in/${source.id}`, { callback_id: "cb_1", event: "workflow.completed" });
  expect(taken).toMatchObject({ status: 202 });
  return String(Object(taken.body).id);
}

const entriesOf = (value: unknown): readonly (readonly [string, unknown])[] => Object.entries(Object(value));

async function bodies(): Promise<readonly Described[]> {
  const { body } = await ask(`${api.url}/openapi.json`);
  return entriesOf(Object(body).paths).flatMap(([path, methods]) =>
    entriesOf(methods).flatMap(([method, operation]) => {
      const { operationId, requestBody } = Object(operation);
      const media = requestBody?.content["application/json"];
      return requestBody === undefined ? [] : [{ operationId, method: method.toUpperCase(), path, media }];
    }),
  );
}

describe("the example of a request's body", () => {
  it("is there for each, and succeeds as it stands", async () => {
    const described = await bodies();
    expect(described.length).toBeGreaterThanOrEqual(13);
    const failed: unknown[] = [];
    for (const { operationId, method, path, media } of described) {
      expect([operationId, media.example]).toEqual([operationId, expect.any(Object)]);
      const { status, body } = await send(
        method,
        path.replace("{id}", await idFor(path, operationId)),
        media.example,
      );
      if (status >= 300) failed.push([operationId, status, body]);
    }
    expect(failed).toEqual([]);
  });
});

describe("what is described of an id or a type", () => {
  it("is what the code checks: the same texts are good for both", async () => {
    const { body } = await ask(`${api.url}/openapi.json`);
    const patternAt = (...path: readonly string[]): RegExp => {
      const found = path.reduce<unknown>((inside, name) => Object(inside)[name], Object(body).paths);
      return new RegExp(String(Object(found).pattern), "u");
    };
    const inBody = (path: string, method: string, ...names: readonly string[]) =>
      patternAt(path, method, "requestBody", "content", "application/json", "schema", ...names);
    const id = inBody("/api/v1/webhooks", "post", "properties", "id", "anyOf", "0");
    const subscription = inBody("/api/v1/webhooks", "post", "properties", "events", "anyOf", "0", "items");
    const type = inBody("/api/v1/events", "post", "anyOf", "0", "properties", "type");
    const eventId = inBody("/api/v1/events", "post", "anyOf", "0", "properties", "id");
    const long = "a".repeat(128);
    const texts = ["a", "", "a.b", ".a", "a..b", "*", "a.*", "*.a", "dst_a", "a b", "ä", "a.b.c.d.e.f.g.h.i"];
    for (const text of [...texts, long, `${long}.*`, `${long}a`, "a".repeat(64), "a".repeat(65), "a\n"]) {
      const asked = { id: text, url: receiver.url, events: ["a"] };
      const made = (await send("POST", "/api/v1/webhooks", asked)).status !== 422;
      expect([text, "id", id.test(text)]).toEqual([text, "id", made]);
      const subscribed = await send("POST", "/api/v1/webhooks", { url: receiver.url, events: [text] });
      expect([text, "events", subscription.test(text)]).toEqual([text, "events", subscribed.status === 201]);
      const publish = async (fields: object) =>
        (await send("POST", "/api/v1/events", { type: "a", data: {}, ...fields })).status === 202;
      const isType = type.test(text) && text.length <= 128;
      expect([text, "type", isType]).toEqual([text, "type", await publish({ type: text })]);
      expect([text, "event id", eventId.test(text)]).toEqual([text, "event id", await publish({ id: text })]);
    }
  });
});
