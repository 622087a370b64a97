/** The switch as one process knows it, by a clock and a store that are the test's own. */
import { setImmediate as turn } from "node:timers/promises";
import { beforeEach, describe, expect, it } from "vitest";
import { system } from "../../../src/config/system.ts";
import type { Happening } from "../../../src/core/happening.ts";
import { type MigrationSwitch, type Start, UNTOUCHED } from "../../../src/core/migration.ts";
import { createSwitchMirror } from "../../../src/store/switch-mirror.ts";

const never = (): Promise<never> => new Promise(() => undefined);

function stage(start: Start | null = null) {
  const clock = { now: 1_000_000 };
  const store: { stand: MigrationSwitch; read: () => Promise<MigrationSwitch | null>; reads: number } = {
    stand: { ...UNTOUCHED, version: 1, phase: "dual" },
    read: async () => store.stand,
    reads: 0,
  };
  const told: string[] = [];
  const mirror = createSwitchMirror({
    read: () => {
      store.reads += 1;
      return store.read();
    },
    start,
    tell: (happening: Happening) => void (happening.kind === "phase.changed" && told.push(happening.phase)),
    system: { ...system, now: () => clock.now, monotonicMs: () => clock.now },
  });
  return { clock, store, told, mirror };
}

let { clock, store, told, mirror } = stage();
beforeEach(() => {
  ({ clock, store, told, mirror } = stage());
});

describe("what was read a moment ago", () => {
  it("is acted on at once, and read again in passing", async () => {
    await mirror.current();
    store.stand = { ...store.stand, version: 2, phase: "webhook" };
    clock.now += 499;
    expect([(await mirror.current()).phase, store.reads]).toEqual(["dual", 1]);
    clock.now += 1;
    expect(mirror.current()).toMatchObject({ phase: "dual" });
    await turn();
    expect([store.reads, mirror.known().phase]).toEqual([2, "webhook"]);
  });

  it("is not acted on when the process was frozen or cut off meanwhile", async () => {
    await mirror.current();
    store.stand = { ...store.stand, version: 2, phase: "redis" };
    clock.now += 10_000;
    expect((await mirror.current()).phase).toBe("redis");
  });

  it("counts from when it was asked, not from when the answer came", async () => {
    const answer = Promise.withResolvers<MigrationSwitch>();
    store.read = () => answer.promise;
    const asked = mirror.readAgain();
    clock.now += 1_200;
    answer.resolve(store.stand);
    await asked;
    await mirror.current();
    expect(store.reads).toBe(2);
  });
});

describe("an older statement", () => {
  it("never comes back, whoever reads or writes it late", async () => {
    mirror.learn({ ...UNTOUCHED, version: 5, phase: "webhook" });
    expect(mirror.learn({ ...UNTOUCHED, version: 4, phase: "redis" }).phase).toBe("webhook");
    expect((await mirror.readAgain()).phase).toBe("webhook");
  });

  it("stands when the store has none any more", async () => {
    mirror.learn({ ...UNTOUCHED, version: 5, phase: "primary" });
    store.read = async () => null;
    expect((await mirror.readAgain()).phase).toBe("primary");
  });
});

describe("while the store is down", () => {
  it("a worker is refused, and a publisher goes on with what was known last", async () => {
    await mirror.current();
    store.read = () => Promise.reject(new Error("down"));
    clock.now += 5_000;
    await expect(Promise.resolve(mirror.current())).rejects.toThrow("down");
    expect((await mirror.currentOrKnown()).phase).toBe("dual");
  });

  it("a publisher asks once a second, and hears of the change when it is back", async () => {
    await mirror.current();
    store.read = () => Promise.reject(new Error("down"));
    clock.now += 5_000;
    for (let publish = 0; publish < 10; publish += 1) await mirror.currentOrKnown();
    expect(store.reads).toBe(2);
    store.stand = { ...store.stand, version: 2, phase: "webhook" };
    store.read = async () => store.stand;
    clock.now += 1_000;
    expect((await mirror.currentOrKnown()).phase).toBe("webhook");
  });

  it("or hangs, a publisher does not hang with it", async () => {
    await mirror.current();
    store.read = never;
    clock.now += 5_000;
    expect((await mirror.currentOrKnown()).phase).toBe("dual");
  });

  it("one that has never read it begins where its environment says", async () => {
    const fresh = stage({ phase: "redis", shares: { "*": 100 } });
    fresh.store.read = () => Promise.reject(new Error("down"));
    expect((await fresh.mirror.currentOrKnown()).phase).toBe("redis");
  });
});

describe("what is told", () => {
  it("is each phase once, also one that began by itself, or with the process", async () => {
    const fresh = stage({ phase: "dual", shares: { "*": 100 } });
    await fresh.mirror.readAgain();
    await fresh.mirror.readAgain();
    expect(fresh.told).toEqual(["dual"]);
    fresh.store.stand = {
      ...UNTOUCHED,
      version: 2,
      phase: "redis",
      returns: { at: fresh.clock.now + 1_000, to: "primary" },
    };
    await fresh.mirror.readAgain();
    fresh.clock.now += 1_000;
    await fresh.mirror.readAgain();
    await fresh.mirror.readAgain();
    expect(fresh.told).toEqual(["dual", "redis", "primary"]);
    expect(told).toEqual([]);
  });
});
