/** Every operation of the OpenAPI document is called once, and answers as the document says. */
import { describe, expect, it } from "vitest";
import { startApi } from "../support/api.ts";
import { type DescribedApi, describedApi } from "../support/described-api.ts";
import { startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

const TOKEN = "t".repeat(32);
const EVENT = { type: "thing.made", data: { id: 12345678901234567890n.toString() } };

/** As any of the service's ids: `{ id }` of an answer. */
const idOf = (answer: Readonly<Record<string, unknown>>): string => String(answer["id"]);
const listOf = (answer: Readonly<Record<string, unknown>>): readonly Readonly<Record<string, unknown>>[] =>
  Array.isArray(answer["data"]) ? answer["data"].map(Object) : [];

async function lookAfterWebhooks({ call }: DescribedApi, url: string): Promise<string> {
  const made = await call("createWebhook", {
    body: { url, events: ["thing.*"], max_retries: 0, metadata: { team: "a" } },
  });
  const webhook = { in: { id: idOf(made) } };
  await call("listWebhooks", { query: { limit: "1" } });
  await call("getWebhook", webhook);
  await call("updateWebhook", { ...webhook, body: { description: "patched" } });
  await call("replaceWebhook", { ...webhook, body: { url, events: ["thing.*"], max_retries: 0 } });
  await call("disableWebhook", webhook);
  await call("enableWebhook", webhook);
  await call("rotateWebhookSecret", { ...webhook, body: { grace_seconds: 60 } });
  await call("testWebhook", { ...webhook, body: {} });
  return idOf(made);
}

async function followEvents({ call }: DescribedApi, webhookId: string, published: string): Promise<void> {
  const event = { in: { id: published } };
  await until("the event is on record", async () => {
    const answers = listOf(await call("listEvents", { query: { type: "thing.made" } }));
    return answers.some((one) => one["id"] === published);
  });
  await call("getEvent", event);
  await call("listEventTypes");
  await call("explainEvent", { body: EVENT });
  const delivery = `${published}.${webhookId}`;
  await until("its delivery is settled", async () =>
    ["delivered", "buried"].includes(String((await call("getDelivery", { in: { id: delivery } }))["status"])),
  );
  await call("listDeliveries", { query: { endpoint: webhookId } });
  await call("listWebhookLogs", { in: { id: webhookId } });
  await call("getWebhookStats", { in: { id: webhookId } });
  await call("exportEvents", { query: { format: "csv" } });
  await call("exportDeliveries");
  await call("exportDeadLetters", { query: { format: "ndjson" } });
  await call("watchAttempts", { query: { endpoint: webhookId } });
  await call("endpointsHealth");
  await call("getStatus");
  await call("getStatistics");
  await call("doctor", { query: { endpoint: webhookId } });
}

async function stopDelivery({ call }: DescribedApi, webhookId: string): Promise<void> {
  const published = idOf(await call("publishEvents", { body: { ...EVENT, type: "slow.made" } }));
  const delivery = { in: { id: `${published}.${webhookId}` } };
  const untilRetrying = (attempts: number) =>
    until("it waits", async () => {
      const listed = listOf(
        await call("listDeliveries", { query: { event: published, status: "retrying" } }),
      );
      return listed[0]?.["attempt_count"] === attempts;
    });
  await untilRetrying(1);
  await call("retryDelivery", delivery);
  await untilRetrying(2);
  await call("cancelDelivery", delivery);
}

async function handleLetters({ call }: DescribedApi): Promise<void> {
  const bury = async (): Promise<string> => {
    const event = idOf(await call("publishEvents", { body: { ...EVENT, type: "bad.made" } }));
    const letter = await until("it is a dead letter", async () =>
      listOf(await call("listDeadLetters")).find((one) => one["event_id"] === event),
    );
    return idOf(letter);
  };
  const letter = { in: { id: await bury() } };
  await call("getDeadLetter", letter);
  await call("replayDeadLetter", letter);
  await call("deleteDeadLetter", { in: { id: await bury() } });
  await bury();
  await call("listDeadLetters", { query: { total: "true" } });
  const filter = { type: "bad.made" };
  await call("groupDeadLetters", { query: filter });
  await call("createReplay", { body: { filter, dry_run: true } });
  const replay = { in: { id: idOf(await call("createReplay", { body: { filter, rate: 1 } })) } };
  await call("pauseReplay", replay);
  await call("resumeReplay", replay);
  await call("cancelReplay", replay);
  await call("getReplay", replay);
  await call("listReplays");
}

async function receiveCallbacks({ call }: DescribedApi): Promise<void> {
  await call("createSource", { body: { id: "llm", profile: "llm-service", secret: "s3cret" } });
  const source = { in: { id: "llm" } };
  await call("listSources");
  await call("getSource", source);
  await call("updateSource", { ...source, body: { secret: null, description: "patched" } });
  const body = { callback_id: "cb-1", event: "thing.made" };
  const callback = { in: { id: idOf(await call("receiveCallback", { in: { source: "llm" }, body })) } };
  await call("listCallbacks", { query: { order: "oldest", seen: "false" } });
  await call("countCallbacks");
  await call("getCallback", callback);
  await call("exportCallbacks", { query: { format: "csv" } });
  await call("markCallbackSeen", callback);
  await call("markCallbacksSeen", { body: { source: "llm" } });
  await call("forwardCallback", callback);
  await call("deleteSource", source);
}

describe("the API as described", () => {
  it("answers every operation as the document says", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis, { apiKey: TOKEN });
    await using api = await startApi(hookwave);
    await using receiver = await startReceiver();
    await using failing = await startReceiver(503);
    const described = await describedApi(api, TOKEN);
    const { call } = described;

    const webhookId = await lookAfterWebhooks(described, receiver.url);
    const published = idOf(await call("publishEvents", { body: EVENT }));
    await followEvents(described, webhookId, published);
    await call("replayEvent", { in: { id: published }, body: {} });
    const slow = { url: failing.url, events: ["slow.*"], retry_schedule: ["60s", "60s"] };
    await stopDelivery(described, idOf(await call("createWebhook", { body: slow })));
    const bad = { id: "bad", url: failing.url, events: ["bad.*"], max_retries: 0 };
    await call("createWebhook", { body: bad });
    await handleLetters(described);
    await call("deleteWebhook", { in: { id: "bad" } });
    await call("purgeDeadLetters", { body: { filter: { type: "no.such" }, confirm_count: 0 } });
    const key = await call("createKey", { body: { name: "a", roles: ["admin"] } });
    await call("listKeys");
    await call("revokeKey", { in: { id: idOf(key) } });
    await call("setMigration", { body: { phase: "dual", for: "30m", reason: "a look", percent: 50 } });
    await call("getMigration");
    await receiveCallbacks(described);
    await call("reportMigration", { query: { since: "2h", p99: "1s" } });
    const audited = listOf(await call("listAudit", { query: { limit: "100" } }));
    expect(new Set(audited.map(({ action }) => action)).size).toBeGreaterThan(10);

    expect(described.uncalled()).toEqual([]);
  });
});
