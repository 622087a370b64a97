/** An endpoint that is enabled again: all its time is before it, and what it has missed can be sent again. */
import { randomBytes } from "node:crypto";
import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { asEndpointId } from "../../src/core/brand.ts";
import { disabledForFailing } from "../../src/endpoints/revision.ts";
import { SERVICE } from "../../src/manage/audit.ts";
import { createEndpoints } from "../../src/store/endpoints.ts";
import { createSealer } from "../../src/store/sealing.ts";
import { send } from "../support/api.ts";
import { runCommand, runForJson } from "../support/command.ts";
import { anEndpoint } from "../support/endpoint.ts";
import { DISABLE_AFTER_MS, failForAQuarter, KEYS, looking } from "../support/ladder.ts";
import { summaries } from "../support/letters.ts";
import { startReceiver } from "../support/receiver.ts";
import { startRedis } from "../support/service.ts";
import { until } from "../support/until.ts";
import { startWebhookService, WEBHOOKS, type WebhookService } from "../support/webhooks.ts";

/** Five failures within so short a time would open it. */
const NO_BREAKER = { breakerFailureThreshold: 10_000 } as const;

/** Five failures, of which the last one disables it. Resolves with since when it fails. */
async function failToTheEnd({ hookwave, redis }: WebhookService, id: string): Promise<string | null> {
  await failForAQuarter(hookwave, redis, id);
  const health = KEYS.health(asEndpointId(id));
  const since = await looking(redis, (raw) => raw.hget(health, "failing_since"));
  for (let quarters = 1; quarters < 5; quarters += 1) await failForAQuarter(hookwave, redis, id);
  await until("it is disabled", async () => !(await hookwave.endpoints.get(id)).isActive);
  await until("all are dead letters", async () => (await summaries(hookwave)).length === 5);
  return since;
}

describe("an endpoint that was disabled because it failed", () => {
  it("is told what it has missed when it is enabled, and gets it where that is asked for", async () => {
    await using receiver = await startReceiver(500);
    await using service = await startWebhookService(NO_BREAKER);
    const { hookwave, api } = service;
    const id = await service.make({ url: receiver.url, events: ["thing.*"], retry_schedule: [] });
    const failingSince = await failToTheEnd(service, id);
    receiver.replies(200);
    const path = `${WEBHOOKS}/${id}/enable`;

    const offered = await send(api, "POST", path);
    expect(offered).toMatchObject({
      status: 200,
      body: { is_active: true, missed: { since: failingSince, count: 5 }, replay: null },
    });
    const missed = (await summaries(hookwave)).map(({ eventId }) => eventId).toSorted();

    const begun = await send(api, "POST", path, { replay: true, rate: 1_000 });
    expect(begun).toMatchObject({
      status: 200,
      body: { replay: { state: "running", total: 5, rate: 1_000 } },
    });
    const all = await receiver.received(10);
    expect(
      all
        .slice(5)
        .map(({ headers }) => headers["webhook-id"])
        .toSorted(),
    ).toEqual(missed);
    const { data: done } = await hookwave.audit.list({}, { after: null, limit: 10 });
    expect(done.map(({ action, by }) => `${action} by ${by.id}`)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^replay\.begun by /),
        expect.stringMatching(/^endpoint\.enabled by /),
        `endpoint.disabled by ${SERVICE.id}`,
      ]),
    );
    await until("no letter is left", async () => (await summaries(hookwave)).length === 0);
    const nothing = await send(api, "POST", path, { replay: true });
    expect(nothing).toMatchObject({ status: 200, body: { missed: { count: 0 }, replay: null } });
  });

  it("has all its time before it once it is enabled, or is another receiver by its URL", async () => {
    await using receiver = await startReceiver(500);
    await using service = await startWebhookService(NO_BREAKER);
    const { hookwave, redis } = service;
    const id = await service.make({ url: receiver.url, retry_schedule: [] });
    await failToTheEnd(service, id);
    const stepOf = () => looking(redis, (raw) => raw.hget(KEYS.health(asEndpointId(id)), "step"));

    await hookwave.endpoints.enable(id);
    for (const step of ["0", "1", "2"]) {
      await failForAQuarter(hookwave, redis, id);
      expect(await stepOf()).toBe(step);
    }
    await hookwave.endpoints.amend(id, { url: `${receiver.url}/elsewhere` });
    await failForAQuarter(hookwave, redis, id);
    expect(await stepOf()).toBe("0");
    expect((await hookwave.endpoints.get(id)).isActive).toBe(true);
  });

  it("is offered what it has missed by the command, too, which follows the replay to its end", async () => {
    await using receiver = await startReceiver(500);
    await using service = await startWebhookService(NO_BREAKER);
    const id = await service.make({ url: receiver.url, retry_schedule: [] });
    await failToTheEnd(service, id);
    receiver.replies(200);
    const variables = { HOOKWAVE_URL: service.api.url };

    const { stdout } = await runCommand(["endpoints", "enable", id], variables);
    expect(stdout).toMatch(
      new RegExp(
        `^enabled ${id}\\n5 deliveries were given up since 20\\S+: send them again with \`hookwave endpoints enable ${id} --replay\`\\n$`,
      ),
    );
    const replayed = await runCommand(["endpoints", "enable", id, "--replay", "--rate", "1000"], variables);
    expect(replayed).toMatchObject({ code: 0, stdout: `enabled ${id}\nreplayed 5\n` });
    expect(await runForJson(["endpoints", "enable", id, "--replay"], variables)).toMatchObject({
      is_active: true,
      missed: { count: 0 },
      replay: null,
    });
    const misused = await runCommand(["endpoints", "enable", id, "--rate", "5"], variables);
    expect(misused).toMatchObject({ code: 64, stderr: expect.stringContaining("--replay") });
  });
});

describe("an endpoint that is to be disabled because it failed", () => {
  it("stays as it is where it has succeeded a moment before, or somebody has disabled it", async () => {
    await using server = await startRedis();
    const redis = new Redis(server.url);
    const endpoints = createEndpoints(redis, KEYS, createSealer(randomBytes(32), null), () => undefined);
    const { id } = anEndpoint();
    await endpoints.create(anEndpoint(), () => null);
    const disable = () =>
      endpoints.changeFailing(
        id,
        (found) => disabledForFailing(found, DISABLE_AFTER_MS, 0),
        () => null,
      );

    await redis.hset(KEYS.health(id), "step", "3");
    expect(await disable()).toBeNull();
    expect(await redis.hlen(KEYS.operatorEvents)).toBe(0);
    await redis.hset(KEYS.health(id), "step", "4");
    expect(await disable()).toMatchObject({ isActive: false });
    expect(await disable()).toBeNull();
    expect(await redis.hlen(KEYS.operatorEvents)).toBe(1);
    redis.disconnect();
  });
});
