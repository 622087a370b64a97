/** `hookwave bridge --list`: everything on the list becomes one event each, whatever dies in between. */
import { describe, expect, it } from "vitest";
import { messageIdOf } from "../../src/bus/uuid5.ts";
import {
  endBridge,
  LIST,
  messageOf,
  payloadOf,
  saidBy,
  startBridge,
  startBusAndService,
} from "../support/bridge.ts";
import { expectOneEach, isTaken, push } from "../support/bridge-list.ts";
import { until } from "../support/until.ts";

describe("hookwave bridge --list", () => {
  it("drops what Hookwave has written, and puts what is no event where consumers put it", async () => {
    await using both = await startBusAndService();
    const { bus, variables } = both;
    const bad = [Buffer.from([0xff, 0xfe]), Buffer.from(messageOf('{"model_id": 7}'))];
    const large = Buffer.from(messageOf(`{"model_id":"m","note":"${"x".repeat(262_144)}"}`));
    for (const message of [...bad, large]) await bus.lpush(LIST, message);
    await bus.lpush(LIST, messageOf('{"model_id":"ours"}', messageIdOf("evt_1")));
    await push(both, 0, 1);
    await using bridge = await startBridge(variables);
    await until("all is taken", () => isTaken(both));
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
    await until("all is taken", () => isTaken(both));
    expect(await endBridge(bridge)).toMatchObject({ received: 3, published: 3 });
    await expectOneEach(both, 2);
  });
});
