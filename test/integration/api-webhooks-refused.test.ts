/** Webhooks over real HTTP that are refused: all that is wrong at once, under one code. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ask, send } from "../support/api.ts";
import {
  fieldOf,
  pointersOf,
  startWebhookService,
  URL_OF_NOBODY,
  WEBHOOKS,
  type WebhookService,
} from "../support/webhooks.ts";

let service: WebhookService;
beforeAll(async () => {
  service = await startWebhookService();
});
afterAll(() => service[Symbol.asyncDispose]());

describe("a webhook that is asked for", () => {
  it("is refused with all that is wrong at once: of type, of bound, of rule, and what nobody knows", async () => {
    const refused = await send(service.api, "POST", WEBHOOKS, {
      id: "a.b",
      url: "http://10.0.0.1/",
      events: ["job.*", "A B"],
      profile: 7,
      timeout_seconds: 301,
      max_retries: 25,
      retry_schedule: ["2s", "soon"],
      max_in_flight: "many",
      rate_limit: { count: 0, per_seconds: 1, burst: 2 },
      headers: { Host: "evil" },
      metadata: { "a b": "x", "c/d": 1 },
      is_active: "no",
      retry_shedule: [],
      timeoutMs: 5,
    });
    expect(refused).toMatchObject({ status: 422, body: { code: "ENDPOINT_INVALID" } });
    expect(new Set(Array.from(Object(fieldOf(refused, "errors")), (one) => Object(one).code))).toEqual(
      new Set(["ENDPOINT_INVALID"]),
    );
    expect(pointersOf(refused)).toEqual([
      "#/events/1",
      "#/headers",
      "#/id",
      "#/is_active",
      "#/max_in_flight",
      "#/max_retries",
      "#/metadata/a b",
      "#/metadata/c~1d",
      "#/profile",
      "#/rate_limit/burst",
      "#/rate_limit/count",
      "#/retry_schedule/1",
      "#/retry_shedule",
      "#/timeoutMs",
      "#/timeout_seconds",
      "#/url",
    ]);
    expect(fieldOf(refused, "got")).toContain("timeout_seconds: expected 1s to 5m, got 301;");
  });

  it("is refused for what its settings mean together, and no secret is repeated", async () => {
    const refused = await send(service.api, "POST", WEBHOOKS, {
      url: "https://example.com/***",
      events: [],
      secret: "whsec_dG9vLXNob3J0LWNhbmFyeQ==",
      metadata: { n: "x".repeat(4_096) },
      retry_schedule: ["8d"],
      further_profiles: ["standard"],
      headers: { "X-Key": "whsec_dG9vLXNob3J0LWNhbmFyeQ==\n" },
    });
    expect(refused).toMatchObject({ status: 422, body: { code: "ENDPOINT_INVALID" } });
    expect(pointersOf(refused)).toEqual([
      "#/events",
      "#/further_profiles",
      "#/headers",
      "#/metadata",
      "#/retry_schedule/0",
      "#/secret",
      "#/url",
    ]);
    expect(JSON.stringify(refused.body)).not.toContain("dG9vLXNob3J0LWNhbmFyeQ");
  });

  it.each([
    ["timeout_seconds", 0.9],
    ["timeout_seconds", 301],
    ["max_retries", 25],
    ["max_retries", -1],
  ])("is refused with 422 for a %s of %d, as clients of the older service expect", async (name, value) => {
    const refused = await send(service.api, "POST", WEBHOOKS, { url: URL_OF_NOBODY, [name]: value });
    expect(refused).toMatchObject({ status: 422, body: { code: "ENDPOINT_INVALID" } });
    expect(pointersOf(refused)).toEqual([`#/${name}`]);
  });

  it("is refused with what would mean something on any object, and with an object that cannot be compared", async () => {
    const body = `{"url":"${URL_OF_NOBODY}","metadata":{"__proto__":"x"},"__proto__":{},"description":{"length":{"valueOf":1,"toString":1}}}`;
    const refused = await ask(`${service.api.url}${WEBHOOKS}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });
    expect(refused).toMatchObject({ status: 422 });
    expect(pointersOf(refused)).toEqual(["#/__proto__", "#/description", "#/metadata/__proto__"]);
  });

  it.each<[string, string, unknown, number]>([
    ["no body", WEBHOOKS, undefined, 400],
    ["a list", WEBHOOKS, [], 400],
    ["no URL", WEBHOOKS, {}, 422],
    ["two ids", `${WEBHOOKS}?webhook_id=one`, { id: "other", url: URL_OF_NOBODY }, 400],
    ["another query", `${WEBHOOKS}?id=one`, { url: URL_OF_NOBODY }, 400],
    ["the id of a destination", WEBHOOKS, { id: "dst_1", url: URL_OF_NOBODY }, 422],
    ["an unknown schedule", WEBHOOKS, { url: URL_OF_NOBODY, retry_schedule: "often" }, 422],
    ["a description of 501", WEBHOOKS, { url: URL_OF_NOBODY, description: "x".repeat(501) }, 422],
    ["an Ed25519 secret to share", WEBHOOKS, { url: URL_OF_NOBODY, ed25519: true, profile: "github" }, 422],
  ])("is refused with %s", async (_what, path, body, status) => {
    expect(await send(service.api, "POST", path, body)).toMatchObject({ status });
  });
});
