/** The relay of what operators are told, over facts on a real Redis: what cannot be published keeps nothing from the rest. */
import { describe, expect, it } from "vitest";
import { asEventId } from "../../src/core/brand.ts";
import { createOperatorRelay } from "../../src/queue/operator-relay.ts";
import { createKeys } from "../../src/store/keys.ts";
import { createOperatorFacts } from "../../src/store/operator-events.ts";
import { connectRedis } from "../../src/store/redis.ts";
import { startRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

const keys = createKeys("{hookwave}");
const FACT = {
  ...{ type: "delivery.dead_lettered", endpointId: "ep_1", incarnation: "", at: 1, last: null },
  ...{
    letterId: "dl_1",
    deliveryId: "",
    eventId: "evt_1",
    eventType: "a.b",
    because: "refused",
    attempts: 0,
  },
};
/** Beyond what a hash is read in at once, however little is asked of it. */
const STUCK = 2_000;

describe("facts whose events cannot be stored", () => {
  it("stay, however many they are, while all others are published and removed", async () => {
    await using server = await startRedis();
    const redis = connectRedis(server.url, "producer", () => undefined);
    await until("it is connected", () => redis.status === "ready");
    const stuck = Array.from({ length: STUCK }, (_, at) => `evt_stuck_${at}`);
    const others = Array.from({ length: 10 }, (_, at) => `evt_${at}`);
    await redis.hset(
      keys.operatorEvents,
      ...[...stuck, ...others].flatMap((id) => [id, JSON.stringify(FACT)]),
    );
    const published = new Set<string>();
    const relay = createOperatorRelay({
      facts: createOperatorFacts(redis, keys),
      findEndpoint: async () => undefined,
      isOwed: () => true,
      enqueue: async (kept) => {
        const isStuck = ({ event }: (typeof kept)[number]): boolean => event.id.startsWith("evt_stuck");
        const stored = new Set(kept.filter((one) => !isStuck(one)).map(({ event: { id } }) => id));
        for (const id of stored) published.add(id);
        return stored;
      },
      tell: () => undefined,
    });
    relay.start();
    await until("they are gone", async () => (await redis.hlen(keys.operatorEvents)) === STUCK);
    await relay.stop();
    redis.disconnect();
    expect([...published].toSorted()).toEqual(others.map(asEventId).toSorted());
  });
});
