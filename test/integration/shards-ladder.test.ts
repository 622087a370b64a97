/** The ladder of an endpoint, in an installation in shards: one for all of its events. */
import { describe, expect, it } from "vitest";
import { startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis } from "../support/service.ts";
import { oneOfEach, SHARDS, shardOf } from "../support/shards.ts";
import { until } from "../support/until.ts";

const TYPE = "thing.made";

describe("an endpoint that fails, wherever its events lie", () => {
  const settings = {
    shards: SHARDS,
    prefix: "{ladder}",
    disableAfterMs: 400,
    breakerFailureThreshold: 1_000,
  };

  it("climbs one ladder: its operators are told of each step once, and it is disabled once", async () => {
    await using server = await startRedis();
    await using ill = await startReceiver(500);
    await using operator = await startReceiver();
    await using divided = await startHookwave(server, settings);
    await divided.endpoints.add({ id: "ill", url: ill.url, events: [TYPE], retrySchedule: [] });
    await divided.endpoints.add({ id: "operator", url: operator.url, events: ["endpoint.*"] });
    let published = 0;
    await until("it is disabled", async () => {
      published += 1;
      await divided.publish({ id: `evt_ladder_${published}`, type: TYPE, data: {} });
      const { data } = await divided.endpoints.page({}, { after: null, limit: 10 });
      return data.find(({ id }) => id === "ill")?.isActive === false;
    });
    const told = () =>
      operator.requests.map(({ body }) => {
        const { type, data } = JSON.parse(String(body));
        return `${type} ${data.level ?? ""}`.trim();
      });
    await until("its operators are told", () => told().includes("endpoint.disabled"));
    expect(told().toSorted()).toEqual([
      "endpoint.disabled",
      "endpoint.failing 25",
      "endpoint.failing 50",
      "endpoint.failing 75",
    ]);
  });

  it("is not disabled while those of another shard succeed", async () => {
    const [failing = "", fine = ""] = oneOfEach("mixed");
    await using server = await startRedis();
    await using mixed = await startReceiver((response, { headers }) => {
      response.writeHead(String(headers["webhook-id"]).startsWith(failing) ? 500 : 200).end();
    });
    await using divided = await startHookwave(server, settings);
    await divided.endpoints.add({ id: "mixed", url: mixed.url, events: [TYPE], retrySchedule: [] });
    const of = (id: string, n: number): string =>
      Array.from({ length: 100 }, (_, at) => `${id}_${n}_${at}`).find(
        (one) => shardOf(one) === shardOf(id),
      ) ?? "";
    const startedAt = performance.now();
    for (let n = 0; performance.now() - startedAt < 1_000; n += 1) {
      await divided.publish({ id: of(failing, n), type: TYPE, data: {} });
      await divided.publish({ id: of(fine, n), type: TYPE, data: {} });
      await until("both have come", () => mixed.requests.length >= 2 * (n + 1));
    }
    expect((await divided.endpoints.get("mixed")).isActive).toBe(true);
    const { data } = await divided.health();
    expect(data.find(({ id }) => id === "mixed")?.lastSuccessAt).not.toBe(null);
  });
});
