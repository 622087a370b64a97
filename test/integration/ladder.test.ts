/** An endpoint that fails for DISABLE_AFTER without one success, on a real Redis and with real receivers. */
import { describe, expect, it } from "vitest";
import { catalogue } from "../../src/catalogue/catalogue.ts";
import { validateData } from "../../src/catalogue/validate-data.ts";
import { asEndpointId } from "../../src/core/brand.ts";
import { OPERATOR_EVENT_TYPES } from "../../src/core/operator-event.ts";
import { EVENT, failForAQuarter, KEYS, looking } from "../support/ladder.ts";
import { summaries } from "../support/letters.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { failuresOf, startHookwave, startRedis, type TestHookwave } from "../support/service.ts";
import { until } from "../support/until.ts";

/** Long enough for a busy machine to fail several times in, short enough to wait for. */
const DISABLE_AFTER = { disableAfterMs: 800, breakerFailureThreshold: 10_000 } as const;

interface Told {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

const toldTo = (receiver: Receiver): readonly Told[] =>
  receiver.requests.map(({ body }) => {
    const { type, data } = JSON.parse(body.toString());
    return { type, data };
  });

/** Publishes until the endpoint is as it is wanted. */
async function failUntil(hookwave: TestHookwave, what: string, look: () => boolean | Promise<boolean>) {
  await until(what, async () => {
    await hookwave.publish(EVENT);
    return await look();
  });
}

describe("an endpoint that fails for DISABLE_AFTER without one success", () => {
  it("is disabled, which is told to whoever has subscribed to it", async () => {
    await using redis = await startRedis();
    await using failing = await startReceiver(500);
    await using operator = await startReceiver();
    await using hookwave = await startHookwave(redis, DISABLE_AFTER);
    const endpoint = await hookwave.endpoints.add({
      url: `${failing.url}/token`,
      events: ["thing.*"],
      retrySchedule: [],
    });
    await hookwave.endpoints.add({ url: operator.url, events: ["endpoint.disabled"] });

    const isDisabled = async () => !(await hookwave.endpoints.get(endpoint.id)).isActive;
    await failUntil(hookwave, "it is disabled", isDisabled);

    await operator.received(1);
    const { disabledBecause, disabledAt } = await hookwave.endpoints.get(asEndpointId(endpoint.id));
    expect(disabledBecause).toBe("it has failed for 800ms without one success");
    const [told] = toldTo(operator);
    expect(told).toEqual({
      type: "endpoint.disabled",
      data: {
        endpoint_id: endpoint.id,
        url: `${new URL(failing.url).origin}/***`,
        description: "",
        metadata: {},
        because: disabledBecause,
        disabled_at: disabledAt,
        failing_since: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      },
    });
    expect(failuresOf(hookwave)).toEqual([]);
  });
});

describe("operators", () => {
  it("are told once by a fleet of two of each warning, of the end of a failure, and of nothing they have not asked for", async () => {
    await using redis = await startRedis();
    await using shop = await startReceiver(500);
    await using operator = await startReceiver();
    await using everything = await startReceiver();
    await using hookwave = await startHookwave(redis);
    await using other = await startHookwave(redis);
    const { id } = await hookwave.endpoints.add({
      url: shop.url,
      events: ["thing.*", "endpoint.*", "delivery.*"],
      retrySchedule: [],
      metadata: { team: "shop" },
    });
    await hookwave.endpoints.add({ url: operator.url, events: ["endpoint.*"] });
    await hookwave.endpoints.add({ url: everything.url, events: ["*"] });

    await failForAQuarter(hookwave, redis, id);
    for (const told of [1, 2, 3]) {
      await failForAQuarter(told === 2 ? other : hookwave, redis, id);
      await operator.received(told);
    }
    const ratio = new RegExp(`^hookwave_endpoint_disabling_ratio\\{endpoint="${id}"\\} 0\\.75`, "m");
    await until("it is on the metrics", async () => ratio.test(await hookwave.metrics.expose()));
    shop.replies(200);
    await other.publish(EVENT);
    await operator.received(4);
    await other.publish(EVENT);
    await shop.received(6);
    await until("nothing is left", async () => (await hookwave.queueCounts()).new.depth === 0);

    expect(toldTo(operator).map(({ type, data }) => `${type} ${data["level"] ?? ""}`.trim())).toEqual([
      "endpoint.failing 25",
      "endpoint.failing 50",
      "endpoint.failing 75",
      "endpoint.recovered",
    ]);
    for (const { type, data } of toldTo(operator)) {
      expect(validateData(type, data)).toEqual([]);
      expect(data).toMatchObject({ endpoint_id: id, metadata: { team: "shop" } });
    }
    const types = (receiver: Receiver) => new Set(toldTo(receiver).map(({ type }) => type));
    expect([types(shop), types(everything)]).toEqual([new Set(["thing.made"]), new Set(["thing.made"])]);
    expect(new Set(operator.requests.map(({ headers }) => headers["webhook-id"])).size).toBe(4);
  });

  it("are told of each dead letter, but of none of what they are told themselves", async () => {
    await using redis = await startRedis();
    await using shop = await startReceiver(500);
    await using operator = await startReceiver();
    await using deaf = await startReceiver(500);
    await using hookwave = await startHookwave(redis);
    const { id } = await hookwave.endpoints.add({ url: shop.url, events: ["thing.*"], retrySchedule: [5] });
    const watching = ["delivery.dead_lettered"];
    await hookwave.endpoints.add({ url: operator.url, events: watching });
    await hookwave.endpoints.add({ url: deaf.url, events: watching, retrySchedule: [] });

    const event = await hookwave.publish({ type: "thing.made", data: { secret: "of a producer" } });
    const letters = await until("both are dead letters", async () => {
      const found = await summaries(hookwave);
      return found.length === 2 && found;
    });
    await operator.received(1);
    await hookwave.publish(EVENT);
    await operator.received(2);

    const [told] = toldTo(operator);
    expect(told).toEqual({
      type: "delivery.dead_lettered",
      data: {
        endpoint_id: id,
        url: `${new URL(shop.url).origin}/***`,
        dead_letter_id: letters.find(({ endpointId }) => endpointId === id)?.id,
        delivery_id: `${event.id}.${id}`,
        event_id: event.id,
        event_type: "thing.made",
        reason: "exhausted",
        attempt_count: 2,
        last_attempt: { outcome: "refused", status: 500, reason: null },
        buried_at: expect.any(String),
      },
    });
    expect(validateData("delivery.dead_lettered", told?.data)).toEqual([]);
    await until("all four are dead letters, and told of", async () => {
      const { new: fresh } = await hookwave.queueCounts();
      const isTold = await looking(redis, async (raw) => (await raw.hlen(KEYS.operatorEvents)) === 0);
      return (await summaries(hookwave)).length === 4 && isTold && fresh.depth === 0;
    });
    expect([deaf.requests.length, operator.requests.length]).toEqual([2, 2]);
  });

  it("are told when a worker comes, where none was there, and not once more by one that died before it was noted", async () => {
    await using redis = await startRedis();
    await using operator = await startReceiver();
    const add = { id: "shop", url: "http://127.0.0.1:3000/hook", events: ["thing.*"] };
    {
      await using api = await startHookwave(redis, { role: "api" });
      await api.endpoints.add(add);
      await api.endpoints.add({ url: operator.url, events: ["endpoint.disabled"] });
      await api.endpoints.disable("shop", "moving house");
    }
    const facts = await looking(redis, (raw) => raw.hgetall(KEYS.operatorEvents));
    await using hookwave = await startHookwave(redis);
    const isTold = () => looking(redis, async (raw) => (await raw.hlen(KEYS.operatorEvents)) === 0);
    await operator.received(1);
    await until("it is noted", isTold);
    expect(toldTo(operator)).toMatchObject([
      {
        type: "endpoint.disabled",
        data: { endpoint_id: "shop", because: "moving house", failing_since: null },
      },
    ]);

    await looking(redis, (raw) => raw.hset(KEYS.operatorEvents, facts));
    await until("it is noted again", isTold);
    await until("nothing is left", async () => (await hookwave.queueCounts()).new.depth === 0);
    await hookwave.endpoints.enable("shop");
    await hookwave.endpoints.disable("shop");
    await operator.received(2);
    expect(operator.ids()).toEqual([
      ...Object.keys(facts),
      expect.not.stringMatching(Object.keys(facts)[0] ?? ""),
    ]);
  });

  it("are told by nobody but Hookwave", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis);
    for (const type of OPERATOR_EVENT_TYPES) {
      const forged = hookwave.publish({ type, dataText: JSON.stringify(catalogue[type].example) });
      await expect(forged).rejects.toMatchObject({ code: "EVENT_INVALID", got: `"${type}"` });
    }
  });
});
