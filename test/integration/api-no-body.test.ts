/** Requests without a body, whatever type they name: clients name one with every request. */
import { Agent } from "node:http";
import { describe, expect, it } from "vitest";
import { type Api, ask, startApi } from "../support/api.ts";
import { operationsOf } from "../support/openapi.ts";
import { converse } from "../support/raw-http.ts";
import { sendRaw } from "../support/raw-request.ts";
import { startHookwave, startRedis } from "../support/service.ts";
import { fieldOf, startWebhookService } from "../support/webhooks.ts";

const TYPES = [
  "application/json",
  "application/json; charset=utf-8",
  "application/x-www-form-urlencoded",
  "text/plain",
];
const agent = new Agent();

const order = (api: Api, method: string, path: string, type?: string) =>
  sendRaw(
    api.url,
    {
      method,
      path,
      // The same, so that answers can be.
      headers: [["x-request-id", "one"], ...(type === undefined ? [] : [["content-type", type] as const])],
    },
    agent,
    10_000,
  );

describe("a request without a body", () => {
  it("is answered by every route as if it had named no type", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis, { role: "api" });
    await using api = await startApi(hookwave);
    const { body: document } = await ask(`${api.url}/openapi.json`);
    const orders = operationsOf(document).filter(({ method }) => method !== "GET");
    expect(orders.length).toBeGreaterThan(20);

    for (const { id, method, path } of orders) {
      const filled = path.replace(/\{\w+\}/g, "nobody");
      const plain = await order(api, method, filled);
      expect(plain.status, id).not.toBe(415);
      for (const type of TYPES)
        expect([id, type, await order(api, method, filled, type)]).toEqual([id, type, plain]);
    }
  }, 30_000);

  it("disables, enables, rotates and removes a webhook, chunked or not", async () => {
    await using service = await startWebhookService({ role: "api" });
    const { api } = service;
    const id = await service.make();
    const path = `/api/v1/webhooks/${id}`;
    const isActive = async () => fieldOf(await ask(`${api.url}${path}`), "is_active");

    expect((await order(api, "POST", `${path}/disable`, "application/json")).status).toBe(200);
    expect(await isActive()).toBe(false);
    expect((await order(api, "POST", `${path}/enable`, "application/json")).status).toBe(200);
    expect(await isActive()).toBe(true);
    const head = "host: localhost\r\ncontent-type: application/json\r\nconnection: close";
    const chunked = `POST ${path}/rotate-secret HTTP/1.1\r\n${head}\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`;
    expect(await converse(api, chunked)).toMatch(/^HTTP\/1\.1 200 .*"secret":"whsec_/s);
    expect((await order(api, "DELETE", path, "application/json")).status).toBe(204);
  });
});
