/** The keeper over shelves in memory; its looks come when the test says so. */
import { setImmediate as turn } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createKeeper, type KeeperDeps } from "../../../src/bus/keeper.ts";
import type { KeptEvent } from "../../../src/bus/ports.ts";
import type { PublishedEvent } from "../../../src/core/event.ts";
import { type MigrationSwitch, UNTOUCHED } from "../../../src/core/migration.ts";
import { until } from "../../support/until.ts";
import { keptAt, memoryShelf } from "./memory-shelf.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] }));
afterEach(() => void vi.useRealTimers());

const NOW = 1_000_000;

function stage(stand: Partial<MigrationSwitch> = {}, deps: Partial<KeeperDeps> = {}) {
  const shelves = { late: memoryShelf(), fallback: memoryShelf(), backlog: memoryShelf() };
  const bus: { takes: (event: PublishedEvent) => boolean; isWell: boolean } = {
    takes: () => true,
    isWell: true,
  };
  const written: string[] = [];
  const released: KeptEvent[] = [];
  let looks = 0;
  const keeper = createKeeper({
    ...shelves,
    deliveredOf: async (kept) => new Map(kept.map(({ event }) => [event.id, false])),
    writer: {
      write: async (events) => {
        const taken = events.filter((event) => bus.takes(event)).map(({ id }) => id);
        written.push(...taken);
        return new Set(taken);
      },
      isWell: () => bus.isWell,
      trouble: () => "",
    },
    currentSwitch: () => {
      looks += 1;
      return { ...UNTOUCHED, ...stand };
    },
    takeLease: async () => true,
    enqueueKept: async (kept) => {
      released.push(...kept);
      return new Set(kept.map(({ event }) => event.id));
    },
    waitingJobs: async () => 0,
    count: () => undefined,
    tell: () => undefined,
    now: () => NOW,
    ...deps,
  });
  keeper.start();
  return {
    ...shelves,
    bus,
    written,
    released,
    look: () => void vi.advanceTimersByTime(1_000),
    looks: () => looks,
  };
}

describe("late events", () => {
  it("go onto the bus when it is their time, oldest first, and leave their shelf", async () => {
    const { late, written, look } = stage();
    await late.add([keptAt("evt_2"), keptAt("evt_1"), keptAt("evt_later")], ({ event: { id } }) =>
      id === "evt_1" ? NOW - 2 : id === "evt_2" ? NOW - 1 : NOW + 1,
    );
    look();
    await until("two are written", () => written.length === 2);
    expect(written).toEqual(["evt_1", "evt_2"]);
    await until("they are gone", () => late.ids().join() === "evt_later");
  });

  it("of one list that is full keep nothing from the others, however many they are", async () => {
    const { late, bus, written, look } = stage();
    bus.takes = ({ type }) => type !== "full.type";
    const stuck = Array.from({ length: 1_500 }, (_, at) => keptAt(`evt_${at}`, at, "full.type"));
    await late.add([...stuck, keptAt("evt_good", 2_000)], ({ acceptedAt }) => acceptedAt);
    await until("the last is written", () => {
      look();
      return written.includes("evt_good");
    });
    expect(late.ids()).toHaveLength(1_500);
    bus.takes = () => true;
    await until("there is room", () => {
      look();
      return late.ids().length === 0;
    });
    expect(written).toHaveLength(1_501);
  });

  it("come oldest first after an outage, too", async () => {
    const { late, bus, written, look } = stage();
    const kept = Array.from({ length: 1_000 }, (_, at) => keptAt(`evt_${at}`, at));
    await late.add(kept, ({ acceptedAt }) => acceptedAt);
    let asked = 0;
    bus.isWell = false;
    bus.takes = () => {
      asked += 1;
      return false;
    };
    for (let looks = 1; looks <= 3; looks += 1)
      await until("the bus has been asked", () => {
        look();
        return asked >= looks * 64;
      });
    // The last look comes to its end.
    await turn();
    Object.assign(bus, { isWell: true, takes: () => true });
    await until("all are written", () => {
      look();
      return written.length === 1_000;
    });
    expect(written).toEqual(kept.map(({ event }) => event.id));
  });
});

describe("events of primary", () => {
  it("that are on record as delivered leave their shelf unwritten", async () => {
    const { fallback, written, look } = stage(
      {},
      { deliveredOf: async (kept) => new Map(kept.map(({ event: { id } }) => [id, id === "evt_done"])) },
    );
    await fallback.add([keptAt("evt_done"), keptAt("evt_late")], () => NOW);
    look();
    await until("the shelf is empty", () => fallback.ids().length === 0);
    expect(written).toEqual(["evt_late"]);
  });

  it("of a shard that is away keep nothing from the others, however many, and come when it is back, once", async () => {
    let isAway = true;
    const { fallback, written, look } = stage(
      {},
      {
        deliveredOf: async (kept) =>
          new Map(
            kept.flatMap(({ event: { id } }) => (isAway && id.startsWith("evt_away") ? [] : [[id, false]])),
          ),
      },
    );
    const away = Array.from({ length: 1_500 }, (_, at) => keptAt(`evt_away_${at}`, at));
    await fallback.add([...away, keptAt("evt_well", 2_000)], ({ acceptedAt }) => acceptedAt);
    await until("the other's is written", () => {
      look();
      return written.length > 0;
    });
    expect(written).toEqual(["evt_well"]);
    expect(fallback.ids()).toHaveLength(1_500);
    isAway = false;
    await until("the shelf is empty", () => {
      look();
      return fallback.ids().length === 0;
    });
    expect(written.toSorted()).toEqual([...away.map(({ event }) => event.id), "evt_well"].toSorted());
  });
});

describe("kept webhooks", () => {
  it("stay while the phase is redis, and go when its time is over", async () => {
    const { backlog, released, look, looks } = stage({
      phase: "redis",
      returns: { at: NOW + 1, to: "dual" },
    });
    await backlog.add([keptAt("evt_1")], () => 0);
    look();
    await until("the switch was looked at", () => looks() > 0);
    expect([released, backlog.ids()]).toEqual([[], ["evt_1"]]);

    const over = stage({ phase: "redis", returns: { at: NOW, to: "dual" } });
    await over.backlog.add([keptAt("evt_1")], () => 0);
    over.look();
    await until("it is released", () => over.backlog.ids().length === 0);
    expect(over.released.map(({ event }) => event.legacy)).toEqual([{ isWritten: true }]);
  });

  it("are dropped when told to, but for those that belong to the phase after", async () => {
    const { backlog, released, look } = stage({ phase: "webhook", backlog: "discard", since: 500 });
    await backlog.add([keptAt("evt_before", 499), keptAt("evt_after", 500)], ({ acceptedAt }) => acceptedAt);
    look();
    await until("none is kept", () => backlog.ids().length === 0);
    expect(released.map(({ event }) => event.id)).toEqual(["evt_after"]);
  });

  it("of a shard that is away stay and keep nothing from the others, and go when it is back", async () => {
    let isAway = true;
    const stored: string[] = [];
    const { backlog, look } = stage(
      { phase: "webhook" },
      {
        enqueueKept: async (kept) => {
          const ids = kept.map(({ event }) => event.id).filter((id) => !isAway || !id.startsWith("evt_away"));
          stored.push(...ids);
          return new Set(ids);
        },
      },
    );
    const away = Array.from({ length: 1_500 }, (_, at) => keptAt(`evt_away_${at}`, at));
    await backlog.add([...away, keptAt("evt_well", 2_000)], ({ acceptedAt }) => acceptedAt);
    await until("the other's is released", () => {
      look();
      return backlog.ids().length === 1_500;
    });
    expect(stored).toEqual(["evt_well"]);
    isAway = false;
    await until("none is kept", () => {
      look();
      return backlog.ids().length === 0;
    });
    expect(stored.toSorted()).toEqual([...away.map(({ event }) => event.id), "evt_well"].toSorted());
  });

  it("are released once more where a worker that had not heard of the phase put them there again", async () => {
    const placesOf = new Map<string, Set<string | undefined>>();
    const { backlog, look } = stage(
      { phase: "webhook" },
      {
        enqueueKept: async (kept) => {
          for (const { event, place } of kept) {
            const places = placesOf.get(event.id) ?? new Set();
            placesOf.set(event.id, places.add(place));
          }
          // Its job is taken before this answer comes.
          if (placesOf.get("evt_again")?.size === 1) await backlog.add([keptAt("evt_again")], () => 0);
          return new Set(kept.map(({ event }) => event.id));
        },
      },
    );
    await backlog.add([keptAt("evt_again"), keptAt("evt_well")], () => 0);
    await until("none is kept", () => {
      look();
      return backlog.ids().length === 0;
    });
    // A place of its own is a job of its own: the first one may be in work still.
    expect([...placesOf].map(([id, places]) => [id, places.size])).toEqual([
      ["evt_again", 2],
      ["evt_well", 1],
    ]);
  });
});
