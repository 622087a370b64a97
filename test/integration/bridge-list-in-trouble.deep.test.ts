/** `hookwave bridge --list` while it is killed and while a Redis is away: one event of each message. */
import { describe, expect, it } from "vitest";
import {
  endBridge,
  LIST,
  PROCESSING,
  saidBy,
  startBridge,
  startBusAndService,
  whileFrozen,
} from "../support/bridge.ts";
import { expectOneEach, isTaken, push } from "../support/bridge-list.ts";
import { until } from "../support/until.ts";

describe("hookwave bridge --list", () => {
  it("moves a thousand messages, is killed in their midst again and again, and makes one event of each", async () => {
    const [all, deaths] = [1_000, 4];
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
    await until("all is taken", () => isTaken(both));
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
    await until("all is taken", () => isTaken(both));
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
    await until("all is taken", () => isTaken(both));
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
    await until("all is taken", () => isTaken(both));

    await whileFrozen(both.old.pid, () =>
      until("it has noticed", () => saidBy(bridge, "trouble").length === 2),
    );
    await push(both, 10, 20);
    await until("all is taken", () => isTaken(both));
    const last = await endBridge(bridge);
    expect(last).toMatchObject({ received: 20, published: 20, waiting: 0 });
    expect(saidBy(bridge, "recovered").map(({ side }) => side)).toEqual(["hookwave", "source"]);
    await expectOneEach(both, 20);
  });
});
