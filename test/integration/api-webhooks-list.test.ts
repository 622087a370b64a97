/** Lists of webhooks and of what they have seen, over real HTTP. */
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { send } from "../support/api.ts";
import { startReceiver } from "../support/receiver.ts";
import { startHookwave } from "../support/service.ts";
import { until } from "../support/until.ts";
import { startWebhookService, URL_OF_NOBODY, WEBHOOKS, type WebhookService } from "../support/webhooks.ts";

let service: WebhookService;
beforeAll(async () => {
  service = await startWebhookService();
});
afterAll(() => service[Symbol.asyncDispose]());

describe("the list of webhooks", () => {
  it("holds each once, oldest first, by pages, and those that a filter leaves", async () => {
    await using own = await startWebhookService({ role: "api" });
    const door = own.api;
    for (const id of ["a", "b", "c"])
      await send(door, "POST", WEBHOOKS, { id, url: `${URL_OF_NOBODY}/${id}` });
    await send(door, "PATCH", `${WEBHOOKS}/b`, {
      is_active: false,
      events: ["job.*"],
      description: "The Team's",
    });

    const listed = async (query: string) => {
      const { status, body } = await send(door, "GET", `${WEBHOOKS}?${query}`);
      expect(status).toBe(200);
      return { ids: Object(body).data.map(({ id }: { id: string }) => id), next: Object(body).next };
    };
    const first = await listed("limit=2");
    expect(first.ids).toEqual(["a", "b"]);
    expect(await listed(`limit=2&after=${first.next}`)).toEqual({ ids: ["c"], next: null });
    expect((await listed("active=false")).ids).toEqual(["b"]);
    expect((await listed("active=true")).ids).toEqual(["a", "c"]);
    expect((await listed("event=task_done")).ids).toEqual(["a", "c"]);
    expect((await listed("event=job.done&text=TEAM")).ids).toEqual(["b"]);
    expect((await listed("text=hook/c")).ids).toEqual(["c"]);
  });

  it("shows at once what another process has made", async () => {
    await using other = await startHookwave(service.redis, { role: "api" });
    const { id } = await other.endpoints.create({ url: URL_OF_NOBODY, description: "from-elsewhere" });
    expect((await send(service.api, "GET", `${WEBHOOKS}?text=from-elsewhere`)).body).toMatchObject({
      data: [{ id }],
    });
  });

  it.each(["limit=0", "limit=101", "limit=x", "active=maybe", "actve=true", "after=nonsense"])(
    "is refused with ?%s",
    async (query) => {
      expect(await send(service.api, "GET", `${WEBHOOKS}?${query}`)).toMatchObject({ status: 400 });
    },
  );

  it("does not hide that an endpoint cannot be read: it fails, and the log says why", async () => {
    await using own = await startWebhookService({ role: "api", encryptionKey: randomBytes(32) });
    await using stranger = await startHookwave(own.redis, { role: "api", encryptionKey: randomBytes(32) });
    await stranger.endpoints.create({ url: URL_OF_NOBODY });
    expect(await send(own.api, "GET", WEBHOOKS)).toMatchObject({ status: 500, body: { code: "INTERNAL" } });
  });
});

describe("what a webhook has seen", () => {
  it("is in its log, newest first, in the words of the older service, and in its statistics", async () => {
    await using receiver = await startReceiver((response, { body }) =>
      response.writeHead(body.includes("job") ? 500 : 200).end("out of order"),
    );
    const id = await service.make({
      url: receiver.url,
      retry_schedule: ["10ms"],
      events: ["thing.made", "job.done"],
    });
    await service.hookwave.publish({ type: "thing.made", data: {} });
    await receiver.received(1);
    const { id: eventId } = await service.hookwave.publish({ type: "job.done", data: {} });
    await until(
      "both are settled",
      async () => (await service.hookwave.endpoints.statistics(id)).buried === 1,
    );

    const log = await send(service.api, "GET", `${WEBHOOKS}/${id}/logs`);
    expect(log).toMatchObject({ status: 200, body: { next: null } });
    const [failed, retrying, delivered] = Object(log.body).data;
    expect(failed).toEqual({
      id: expect.stringMatching(/^atm_/),
      webhook_id: id,
      event: "job.done",
      status: "failed",
      attempt_count: 2,
      response_status: 500,
      error_message: "HTTP 500",
      created_at: expect.any(String),
      last_attempt_at: expect.any(String),
      next_retry_at: null,
      event_id: eventId,
      delivery_id: `${eventId}.${id}`,
      round: 0,
      outcome: "refused",
      reason: null,
      given_up_because: "exhausted",
      duration_ms: expect.any(Number),
      response_excerpt: "out of order",
    });
    expect(retrying).toMatchObject({
      status: "retrying",
      attempt_count: 1,
      next_retry_at: expect.any(String),
    });
    expect(delivered).toMatchObject({ status: "delivered", error_message: null, response_excerpt: "" });
    const statuses = async (query: string): Promise<readonly string[]> => {
      const { body } = await send(service.api, "GET", `${WEBHOOKS}/${id}/logs?${query}`);
      return Object(body).data.map(({ status }: { status: string }) => status);
    };
    expect(await statuses("limit=2")).toEqual(["failed", "retrying"]);
    expect(await statuses("status=delivered")).toEqual(["delivered"]);
    expect(await statuses("status=retrying&event=job.*")).toEqual(["retrying"]);
    expect(await statuses("status=cancelled")).toEqual([]);
    expect(await statuses(`until=${encodeURIComponent("2020-01-01T00:00:00+01:00")}`)).toEqual([]);
    expect(await statuses("since=2020-01-01T00:00:00Z")).toHaveLength(3);

    const { body } = await send(service.api, "GET", `${WEBHOOKS}/${id}/stats`);
    expect(body).toMatchObject({
      total_deliveries: 2,
      successful_deliveries: 1,
      failed_deliveries: 1,
      pending_deliveries: 0,
      success_rate: 0.5,
      p99_ms: expect.any(Number),
    });
    const { hours } = Object(body);
    expect(hours).toHaveLength(24);
    const sum = (name: string) =>
      hours.reduce((all: number, hour: Record<string, number>) => all + (hour[name] ?? 0), 0);
    expect([sum("attempts"), sum("delivered"), sum("given_up")]).toEqual([3, 1, 1]);
  });

  it.each(["status=lost", "since=yesterday", "until=1", "after=nonsense", "limit=1000", "type=x"])(
    "is refused with ?%s",
    async (query) => {
      const id = await service.make();
      expect(await send(service.api, "GET", `${WEBHOOKS}/${id}/logs?${query}`)).toMatchObject({
        status: 400,
      });
    },
  );
});
