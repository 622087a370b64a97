/** `hookwave bridge --channel`: what it hears becomes events; what it could not hear, it counts the seconds of. */
import { describe, expect, it } from "vitest";
import { messageIdOf } from "../../src/bus/uuid5.ts";
import {
  CHANNEL,
  endBridge,
  messageOf,
  payloadOf,
  saidBy,
  startBridge,
  startBusAndService,
  whileFrozen,
} from "../support/bridge.ts";
import type { RunningCommand } from "../support/command.ts";
import { until } from "../support/until.ts";

const HEAR = ["bridge", "--channel", CHANNEL, "--json"] as const;

const untilCounted = (bridge: RunningCommand, field: string, count: number) =>
  until(`${field} is ${count}`, () => saidBy(bridge, "counts").at(-1)?.[field] === count);

describe("hookwave bridge --channel", () => {
  it("publishes what it hears, byte for byte, drops what is Hookwave's own, counts what is no event", async () => {
    await using both = await startBusAndService();
    await using bridge = await startBridge(both.variables, HEAR);
    const own = `{"model_id":"m","message_id":"${messageIdOf("evt_1")}"}`;
    for (const text of [payloadOf(0), own, "nonsense", messageOf(payloadOf(1)), payloadOf(0)])
      expect(await both.bus.publish(CHANNEL, text)).toBe(1);
    await untilCounted(bridge, "received", 5);
    await both.receiver.received(2);

    expect(await endBridge(bridge)).toMatchObject({
      ...{ kind: "ended", received: 5, published: 3, own: 1, refused: 1 },
      ...{ waiting: 0, dropped: 0, disconnectedSeconds: 0 },
    });
    expect(saidBy(bridge, "refused")).toMatchObject([{ bytes: 8 }]);
    expect(both.receiver.ids().toSorted()).toEqual(["key-0", "key-1"]);
    const bodies = both.receiver.requests.map(({ body }) => String(body)).join();
    expect(bodies).toContain(`"data":${payloadOf(0)}}`);
    expect(bodies).toContain(`"data":${payloadOf(1)}}`);
    expect(await both.bus.pubsub("NUMSUB", CHANNEL)).toEqual([CHANNEL, 0]);
  });

  it("says for how long it may have missed something, also when the connection only looks open", async () => {
    await using both = await startBusAndService();
    await using bridge = await startBridge(both.variables, HEAR);
    await whileFrozen(both.old.pid, () =>
      until("it has noticed", () => saidBy(bridge, "trouble").length === 1),
    );
    await until("it is back", () => saidBy(bridge, "recovered").length === 1);
    expect(await both.bus.publish(CHANNEL, payloadOf(0))).toBe(1);
    await both.receiver.received(1);

    const last = await endBridge(bridge);
    // Silence is noticed after 5 s, and counts from the last sign of life on.
    expect(Number(last?.["disconnectedSeconds"])).toBeGreaterThan(4);
    expect(last).toMatchObject({ published: 1, isConnected: true });
  });

  it("keeps what it hears while Hookwave's Redis is out of memory", async () => {
    await using both = await startBusAndService();
    await using bridge = await startBridge(both.variables, HEAR);
    await both.admin.config("SET", "maxmemory", "1");
    for (let n = 0; n < 300; n += 1) await both.bus.publish(CHANNEL, payloadOf(n));
    await untilCounted(bridge, "waiting", 300);
    await both.admin.config("SET", "maxmemory", "0");
    await both.receiver.received(300);
    await untilCounted(bridge, "published", 300);
    expect(await endBridge(bridge)).toMatchObject({ received: 300, waiting: 0, dropped: 0 });
    expect(new Set(both.receiver.ids()).size).toBe(300);
  });

  it("keeps no more than 10,000, counts what it had to let go, and ends all the same", async () => {
    await using both = await startBusAndService();
    await using bridge = await startBridge(both.variables, HEAR);
    await both.admin.config("SET", "maxmemory", "1");
    const pipeline = both.bus.pipeline();
    for (let n = 0; n < 10_100; n += 1) pipeline.publish(CHANNEL, `{"model_id":"m-${n}"}`);
    await pipeline.exec();
    await untilCounted(bridge, "dropped", 100);
    expect(await endBridge(bridge)).toMatchObject({ received: 10_100, waiting: 10_000, dropped: 100 });
  });
});
