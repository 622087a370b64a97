/** Webhooks over real HTTP: made and changed, as JSON, and what is refused. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { send } from "../support/api.ts";
import { secretOf } from "../support/secret-of.ts";
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

describe("a webhook that is made", () => {
  it("gets an id, the defaults and a secret, which no other answer shows", async () => {
    const made = await send(service.api, "POST", WEBHOOKS, { url: URL_OF_NOBODY });
    expect(made.status).toBe(201);
    const { secret, ...webhook } = Object(made.body);
    expect(secret).toMatch(/^whsec_/);
    expect(made.headers.get("location")).toBe(`${WEBHOOKS}/${webhook.id}`);
    expect(webhook).toEqual({
      id: expect.stringMatching(/^ep_[0-9a-f]{24}$/),
      url: URL_OF_NOBODY,
      events: ["*"],
      profile: "standard",
      further_profiles: [],
      signature_prefix: true,
      replay_protection: false,
      signature_header: null,
      signature_encoding: "hex",
      signed_content: "body",
      headers: {},
      signs_destinations: false,
      trace_headers: null,
      timeout_seconds: 15,
      max_retries: 5,
      retry_schedule: ["2s", "4s", "8s", "16s", "32s"],
      max_in_flight: 50,
      rate_limit: null,
      description: "",
      metadata: {},
      is_active: true,
      disabled_because: null,
      disabled_at: null,
      secrets: [{ expires_at: null }],
      public_key: null,
      created_at: expect.any(String),
      updated_at: webhook.created_at,
    });
    const shown = await send(service.api, "GET", `${WEBHOOKS}/${webhook.id}`);
    expect(shown).toMatchObject({ status: 200, body: webhook });
    expect(JSON.stringify(shown.body)).not.toContain(secret);
    expect(JSON.stringify((await send(service.api, "GET", `${WEBHOOKS}?limit=100`)).body)).not.toContain(
      secret,
    );
  });

  it("is all that was asked for, with the values of its headers masked from then on", async () => {
    const asked = {
      id: "whole",
      url: URL_OF_NOBODY,
      events: ["job.*", "model.registered"],
      profile: "hokusai",
      further_profiles: ["github"],
      signature_prefix: false,
      replay_protection: true,
      timeout_seconds: 2.5,
      max_retries: 3,
      retry_schedule: ["1s", "90s"],
      max_in_flight: 3,
      rate_limit: { count: 5, per_seconds: 60 },
      description: "a note",
      metadata: { team: "search" },
      is_active: false,
    };
    const secrets = { secret: "hunter2-secret", headers: { Authorization: "hunter2-header" } };
    const made = await send(service.api, "POST", WEBHOOKS, { ...asked, ...secrets });
    const expected = { ...asked, retry_schedule: ["1s", "90s", "3m"], headers: { Authorization: "••••" } };
    expect(made).toMatchObject({ status: 201, body: { ...expected, secret: "hunter2-secret" } });
    const { body } = await send(service.api, "GET", `${WEBHOOKS}/whole`);
    expect(body).toMatchObject({ ...expected, disabled_because: "switched off by an operator" });
    expect(JSON.stringify(body)).not.toContain("hunter2");
    expect(await service.hookwave.endpoints.get("whole")).toMatchObject({
      headers: { Authorization: "hunter2-header" },
      rateLimit: { count: 5, perMs: 60_000 },
      timeoutMs: 2_500,
    });
  });

  it("may have several secrets from the start, newest first, and is refused a fifth", async () => {
    const asked = { url: URL_OF_NOBODY, secret: [secretOf("newest"), secretOf("before it")] };
    const made = await send(service.api, "POST", WEBHOOKS, asked);
    expect(made).toMatchObject({
      status: 201,
      body: { secret: secretOf("newest"), secrets: [{ expires_at: null }, { expires_at: null }] },
    });
    const { secrets } = await service.hookwave.endpoints.get(String(fieldOf(made, "id")));
    expect(secrets.map(({ value }) => value)).toEqual(asked.secret);
    for (const secret of [[], ["1", "2", "3", "4", "5"]]) {
      const refused = await send(service.api, "POST", WEBHOOKS, { ...asked, secret });
      expect(refused).toMatchObject({ status: 422, body: { code: "ENDPOINT_INVALID" } });
      expect(pointersOf(refused)).toEqual(["#/secret"]);
    }
  });

  it("may have its id in the query, a named schedule, an Ed25519 secret, and nulls for what is left out", async () => {
    const made = await send(service.api, "POST", `${WEBHOOKS}?webhook_id=from-query`, {
      url: URL_OF_NOBODY,
      retry_schedule: "standard-webhooks",
      ed25519: true,
      headers: null,
      secret: null,
      max_retries: null,
      rate_limit: null,
    });
    expect(made).toMatchObject({
      status: 201,
      body: {
        id: "from-query",
        max_retries: 9,
        secret: expect.stringMatching(/^whsk_/),
        public_key: expect.stringMatching(/^whpk_/),
      },
    });
  });

  it("is refused where there is one of that id, and that one stays", async () => {
    const id = await service.make({ id: "taken", description: "first" });
    const refused = await send(service.api, "POST", WEBHOOKS, { id, url: URL_OF_NOBODY });
    expect(refused).toMatchObject({ status: 409, body: { code: "ENDPOINT_CONFLICT" } });
    expect((await send(service.api, "GET", `${WEBHOOKS}/${id}`)).body).toMatchObject({
      description: "first",
    });
  });
});

describe("a webhook that is changed", () => {
  it("as a whole takes defaults again, but keeps its age, its secret and its state", async () => {
    const id = await service.make({
      secret: secretOf("kept"),
      description: "a note",
      max_retries: 1,
      is_active: false,
    });
    const before = await service.hookwave.endpoints.get(id);
    const put = await send(service.api, "PUT", `${WEBHOOKS}/${id}`, { url: `${URL_OF_NOBODY}/new` });
    expect(put).toMatchObject({
      status: 200,
      body: { id, url: `${URL_OF_NOBODY}/new`, description: "", max_retries: 5, is_active: false },
    });
    expect(put.body).not.toHaveProperty("secret");
    const after = await service.hookwave.endpoints.get(id);
    expect([after.secrets, after.createdAt]).toEqual([before.secrets, before.createdAt]);
  });

  it("in part keeps everything else", async () => {
    const id = await service.make({
      headers: { "X-Key": "hunter2" },
      max_retries: 3,
      rate_limit: { count: 1, per_seconds: 1 },
    });
    const before = await service.hookwave.endpoints.get(id);
    const patched = await send(service.api, "PATCH", `${WEBHOOKS}/${id}`, {
      description: "new",
      rate_limit: null,
    });
    expect(patched).toMatchObject({ status: 200, body: { description: "new", rate_limit: null } });
    const { updatedAt, ...after } = await service.hookwave.endpoints.get(id);
    expect({ ...after, updatedAt: before.updatedAt }).toEqual({
      ...before,
      description: "new",
      rateLimit: null,
    });
  });

  it("can be written back as it was read, and is what it was", async () => {
    const id = await service.make({
      headers: { "X-Key": "hunter2" },
      retry_schedule: ["1500ms"],
      timeout_seconds: 3,
    });
    const before = await service.hookwave.endpoints.get(id);
    const { body } = await send(service.api, "GET", `${WEBHOOKS}/${id}`);
    for (const method of ["PUT", "PATCH"]) {
      expect(await send(service.api, method, `${WEBHOOKS}/${id}`, body)).toMatchObject({ status: 200 });
      const { updatedAt, ...after } = await service.hookwave.endpoints.get(id);
      expect({ ...after, updatedAt: before.updatedAt }).toEqual(before);
    }
  });

  it.each<[string, string, unknown, number]>([
    ["PUT without a URL", "PUT", { description: "x" }, 422],
    ["PUT under another id", "PUT", { url: URL_OF_NOBODY, id: "other" }, 400],
    ["PATCH under another id", "PATCH", { id: "other" }, 400],
    ["PATCH with a flaw of form", "PATCH", { timeout_seconds: "soon" }, 422],
    ["PATCH with a flaw of meaning", "PATCH", { url: "ftp://x", events: [] }, 422],
    ["PATCH with a mask for a header it has not", "PATCH", { headers: { "X-New": "••••" } }, 422],
    ["PATCH with a field there is not", "PATCH", { retries: 3 }, 422],
    ["PATCH with a key pair, which only a new one gets", "PATCH", { ed25519: true }, 422],
    ["PATCH without a body", "PATCH", undefined, 400],
  ])("is refused: %s", async (_what, method, body, status) => {
    const id = await service.make();
    const before = await service.hookwave.endpoints.get(id);
    expect(await send(service.api, method, `${WEBHOOKS}/${id}`, body)).toMatchObject({ status });
    expect(await service.hookwave.endpoints.get(id), "nothing has changed").toEqual(before);
  });
});
