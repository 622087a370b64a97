/** Dispatching's question to the bus, with shelves in memory and a bus that takes what the test says. */
import { describe, expect, it } from "vitest";
import { createBus } from "../../../src/bus/announce.ts";
import { createOpenWebhooks } from "../../../src/bus/open-webhooks.ts";
import { busTarget } from "../../../src/bus/target.ts";
import { asEndpointId, asEventId } from "../../../src/core/brand.ts";
import type { Claim } from "../../../src/core/delivery.ts";
import { PHASES, type Phase, UNTOUCHED } from "../../../src/core/migration.ts";
import { delivered } from "../observe/happenings.ts";
import { keptAt, memoryShelf } from "./memory-shelf.ts";

const FRESH: Claim = { kind: "fresh" };
const NOW = 10_000;

function stage(phase: Phase) {
  const shelves = { late: memoryShelf(), fallback: memoryShelf(), backlog: memoryShelf() };
  const bus = { takes: (_id: string): boolean => true, isWell: true };
  const written: string[] = [];
  const owed = new Set<string>();
  const target = busTarget({
    legacyRedisList: null,
    legacyRedisChannel: null,
    legacyRedisEnvelope: "hokusai",
    legacyRedisEvents: ["model.registered"],
    legacyRedisListMax: 100,
  });
  const shared = {
    ...shelves,
    target,
    parity: {
      owe: async (ones: readonly { readonly id: string }[]) => {
        for (const { id } of ones) owed.add(id);
      },
      settle: async (ids: readonly string[]) => {
        for (const id of ids) owed.delete(id);
      },
    },
    count: () => undefined,
    tell: () => undefined,
    now: () => NOW,
  };
  const webhooks = createOpenWebhooks({ ...shared, endpointId: "default", mayBeOwed: () => true });
  const announcing = createBus({
    ...shared,
    webhooks,
    currentSwitch: () => ({ ...UNTOUCHED, phase }),
    writer: {
      write: async (events) => {
        const taken = events.map(({ id }) => id).filter((id) => bus.takes(id));
        written.push(...taken);
        return new Set(taken);
      },
      isWell: () => bus.isWell,
    },
    fallbackAfterMs: 60_000,
  });
  const announce = (ids: readonly string[], claim: Claim = FRESH, type?: string) => {
    const events = ids.map((id) => keptAt(id, 0, type).event);
    return announcing.announce(
      { events, holder: "1", acceptedAt: 9_000 },
      events.map(() => claim),
    );
  };
  const deliver = (id: string, endpointId = "default"): void =>
    webhooks.note({
      record: {
        ...delivered,
        eventType: "model.registered",
        eventId: asEventId(id),
        endpointId: asEndpointId(endpointId),
      },
      recordText: "",
      acceptedAt: 9_000,
      state: { round: 0, status: "delivered", attempts: [], nextAttemptAt: null, because: null },
      excerpt: "",
    });
  return { ...shelves, bus, written, owed, announce, deliver, idle: webhooks.idle };
}

describe("what the bus does not take", () => {
  it("waits on the shelf of late events, and stays there when its webhook is delivered", async () => {
    const { bus, late, announce, deliver, idle } = stage("dual");
    bus.takes = () => false;
    const passage = await announce(["evt_1", "evt_2"]);
    deliver("evt_1");
    await passage.conclude();
    deliver("evt_2");
    await idle();
    expect(late.ids()).toEqual(["evt_1", "evt_2"]);
  });

  it("is not even asked of a bus that failed a moment ago", async () => {
    const { bus, late, written, announce } = stage("dual");
    bus.isWell = false;
    await announce(["evt_1"]);
    expect([written, late.ids()]).toEqual([[], ["evt_1"]]);
  });

  it("is late in phase redis, too: a job that tried again would write the others of its batch again", async () => {
    const { bus, late, backlog, written, announce } = stage("redis");
    bus.takes = (id) => id !== "evt_bad";
    const { withheld } = await announce(["evt_1", "evt_bad", "evt_2"]);
    expect([written, late.ids(), [...withheld]]).toEqual([
      ["evt_1", "evt_2"],
      ["evt_bad"],
      ["evt_1", "evt_bad", "evt_2"],
    ]);
    expect(backlog.ids().toSorted()).toEqual(["evt_1", "evt_2", "evt_bad"]);
  });
});

describe("in primary", () => {
  it("an event is owed to the bus a while after its acceptance, unless it is delivered to the endpoint compared", async () => {
    const { fallback, late, written, announce, deliver, idle } = stage("primary");
    const { withheld } = await announce(["evt_1", "evt_2", "evt_3"]);
    deliver("evt_1");
    deliver("evt_2", "another");
    await idle();
    expect([fallback.ids(), fallback.dueAt("evt_3"), late.ids(), written, withheld.size]).toEqual([
      ["evt_2", "evt_3"],
      69_000,
      [],
      [],
      0,
    ]);
  });
});

describe("in dual", () => {
  it("what is not delivered when its job ends is owed, until it is", async () => {
    const { owed, announce, deliver, idle } = stage("dual");
    const passage = await announce(["evt_1", "evt_2"]);
    deliver("evt_1");
    await passage.conclude();
    expect([...owed]).toEqual(["evt_2"]);
    deliver("evt_2");
    await idle();
    expect([...owed]).toEqual([]);
  });

  it("a batch that is to run again is forgotten here, so that what another worker owes of it is settled", async () => {
    const { owed, announce, deliver, idle } = stage("dual");
    const passage = await announce(["evt_1"]);
    passage.abandon();
    owed.add("evt_1");
    deliver("evt_1");
    await idle();
    expect([...owed]).toEqual([]);
  });

  it("a re-run that finds its deliveries begun writes nothing again", async () => {
    const { written, announce } = stage("dual");
    const status = {
      round: 0,
      status: "delivered" as const,
      attempts: [],
      nextAttemptAt: null,
      because: null,
    };
    const again: Claim = {
      kind: "again",
      acceptedAt: 9_000,
      states: new Map([[asEndpointId("default"), status]]),
    };
    await announce(["evt_1"], again);
    await announce(["evt_2"], { kind: "taken" });
    expect(written).toEqual([]);
  });
});

describe("an event of a type that the bus does not take", () => {
  it.each(PHASES)("has nothing to do with it in %s", async (phase) => {
    const { late, fallback, backlog, written, announce } = stage(phase);
    const { withheld } = await announce(["evt_1"], FRESH, "thing.made");
    expect([written, withheld.size, ...[late, fallback, backlog].flatMap((shelf) => shelf.ids())]).toEqual([
      [],
      0,
    ]);
  });
});
