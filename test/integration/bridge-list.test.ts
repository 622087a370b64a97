/** `hookwave bridge --list`: everything on the list becomes one event each, whatever dies in between. */
import { describe, expect, it } from "vitest";
import { messageIdOf } from "../../src/bus/uuid5.ts";
import {
  type BusAndService,
  endBridge,
  LIST,
  messageOf,
  PROCESSING,
  payloadOf,
  saidBy,
  startBridge,
  startBusAndService,
  whileFrozen,
} from "../support/bridge.ts";
import { untilIdle } from "../support/deliveries.ts";
import { casesOf, IS_DEEP } from "../support/depth.ts";
import { until } from "../support/until.ts";

async function push({ bus }: BusAndService, from: number, to: number): Promise<void> {
  const pipeline = bus.pipeline();
  for (let n = from; n < to; n += 1) pipeline.lpush(LIST, messageOf(payloadOf(n)));
  await pipeline.exec();
}

const isEmpty = async ({ bus }: BusAndService): Promise<boolean> =>
  (await bus.exists(LIST, PROCESSING)) === 0;

/** Each of the first `count` messages was delivered, each once, as the bytes it had. */
async function expectOneEach({ receiver, hookwave }: BusAndService, count: number): Promise<void> {
  await receiver.received(count, 30_000);
  await untilIdle(hookwave);
  const ids = Array.from({ length: count }, (_, n) => `key-${n}`);
  expect(receiver.ids().toSorted()).toEqual(ids.toSorted());
  for (const { headers, body } of receiver.requests) {
    const n = Number(String(headers["webhook-id"]).slice(4));
    expect(String(body)).toContain(`"data":${payloadOf(n)}}`);
    expect(String(body)).toContain('"timestamp":"2026-01-31T12:00:00.123456Z"');
  }
}

describe("hookwave bridge --list", () => {
  it("moves a thousand messages, is killed in their midst again and again, and makes one event of each", async () => {
    const [all, deaths] = [casesOf(1_000), IS_DEEP ? 4 : 1];
    const step = all / (deaths + 1);
    await using both = await startBusAndService();
    const { bus, variables } = both;
    for (let n = 0; n < all - step; n += step) {
      await push(both, n, n + step);
      await using bridge = await startBridge(variables);
      await until("it has begun to take", async () => (await bus.llen(LIST)) < step);
      bridge.signal("SIGKILL");
      await bridge.ended();
    }
    await using bridge = await startBridge(variables);
    await push(both, all - step, all);
    await until("all is taken", () => isEmpty(both));
    expect(await endBridge(bridge)).toMatchObject({ kind: "ended", waiting: 0, refused: 0, own: 0 });
    await expectOneEach(both, all);
  });

  it("loses nothing when it is killed between taking and publishing", async () => {
    await using both = await startBusAndService();
    const { bus, admin, variables } = both;
    await admin.config("SET", "maxmemory", "1");
    await push(both, 0, 200);
    await using bridge = await startBridge(variables);
    await until("it could not publish", () => saidBy(bridge, "trouble").length === 1);
    bridge.signal("SIGKILL");
    await bridge.ended();
    expect([await bus.llen(PROCESSING), await bus.llen(LIST)]).toEqual([128, 72]);

    await admin.config("SET", "maxmemory", "0");
    await using next = await startBridge(variables);
    await until("all is taken", () => isEmpty(both));
    expect(await endBridge(next)).toMatchObject({ received: 200, published: 200 });
    await expectOneEach(both, 200);
  });

  it("makes one delivery of what it published and could not forget before it was killed", async () => {
    // A server of its own, for its rights are not given back with it.
    await using both = await startBusAndService("--appendonly", "no");
    const { bus, receiver, variables } = both;
    await bus.call("ACL", "SETUSER", "default", "-lrem");
    await push(both, 0, 50);
    await using bridge = await startBridge(variables);
    await receiver.received(50);
    await until("it could not forget them", () => saidBy(bridge, "trouble").length === 1);
    bridge.signal("SIGKILL");
    await bridge.ended();
    expect(await bus.llen(PROCESSING)).toBe(50);

    await bus.call("ACL", "SETUSER", "default", "+lrem");
    await using next = await startBridge(variables);
    await until("all is taken", () => isEmpty(both));
    expect(await endBridge(next)).toMatchObject({ received: 50, published: 50 });
    await expectOneEach(both, 50);
  });

  it("rides out an outage of Hookwave's Redis, and one of its own", async () => {
    await using both = await startBusAndService();
    const { bus, admin, variables } = both;
    await using bridge = await startBridge(variables);
    await admin.config("SET", "maxmemory", "1");
    await push(both, 0, 10);
    await until("it waits", () => saidBy(bridge, "trouble").length === 1);
    expect(await bus.llen(PROCESSING)).toBeGreaterThan(0);
    await admin.config("SET", "maxmemory", "0");
    await until("all is taken", () => isEmpty(both));

    await whileFrozen(both.old.pid, () =>
      until("it has noticed", () => saidBy(bridge, "trouble").length === 2),
    );
    await push(both, 10, 20);
    await until("all is taken", () => isEmpty(both));
    const last = await endBridge(bridge);
    expect(last).toMatchObject({ received: 20, published: 20, waiting: 0 });
    expect(saidBy(bridge, "recovered").map(({ side }) => side)).toEqual(["hookwave", "source"]);
    await expectOneEach(both, 20);
  });

  it("drops what Hookwave has written, and puts what is no event where consumers put it", async () => {
    await using both = await startBusAndService();
    const { bus, variables } = both;
    const bad = [Buffer.from([0xff, 0xfe]), Buffer.from(messageOf('{"model_id": 7}'))];
    const large = Buffer.from(messageOf(`{"model_id":"m","note":"${"x".repeat(262_144)}"}`));
    for (const message of [...bad, large]) await bus.lpush(LIST, message);
    await bus.lpush(LIST, messageOf('{"model_id":"ours"}', messageIdOf("evt_1")));
    await push(both, 0, 1);
    await using bridge = await startBridge(variables);
    await until("all is taken", () => isEmpty(both));
    expect(await bus.lrangeBuffer(`${LIST}:dlq`, 0, -1)).toEqual([...bad, large].toReversed());
    expect(await endBridge(bridge)).toMatchObject({ received: 5, published: 1, own: 1, refused: 3 });
    expect(saidBy(bridge, "refused")).toMatchObject([{ bytes: 2 }, {}, { bytes: large.length }]);
    await expectOneEach(both, 1);
  });

  it("makes one delivery of a message that comes twice, by the list and by a publisher of the same id", async () => {
    await using both = await startBusAndService();
    await both.hookwave.publish({
      type: "model.registered",
      dataText: payloadOf(0),
      id: "key-0",
      timestamp: "2026-01-31T12:00:00.123456Z",
    });
    await push(both, 0, 1);
    await push(both, 0, 2);
    await using bridge = await startBridge(both.variables);
    await until("all is taken", () => isEmpty(both));
    expect(await endBridge(bridge)).toMatchObject({ received: 3, published: 3 });
    await expectOneEach(both, 2);
  });
});
