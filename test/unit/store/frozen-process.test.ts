/** The switch as one process knows it, by a clock that is the test's own. */
import { describe, expect, it } from "vitest";
import type { Happening } from "../../../src/core/happening.ts";
import { type MigrationSwitch, type Phase, UNTOUCHED } from "../../../src/core/migration.ts";
import { createSwitchMirror } from "../../../src/store/switch-mirror.ts";

const standing = (version: number, phase: Phase): MigrationSwitch => ({ ...UNTOUCHED, version, phase });

/** A process that has just read what `stored` says. */
async function stage(stored: MigrationSwitch) {
  const store = { stored, isDown: false, reads: 0 };
  const clock = { now: 1_000_000 };
  const told: Happening[] = [];
  const mirror = createSwitchMirror({
    read: async () => {
      store.reads += 1;
      if (store.isDown) throw new Error("down");
      return store.stored;
    },
    start: null,
    tell: (happening) => told.push(happening),
    system: {
      now: () => clock.now,
      monotonicMs: () => clock.now,
      idleMs: () => 0,
      dice: () => 0,
      uuid: () => "",
    },
  });
  await mirror.readAgain();
  return { store, clock, mirror, told };
}

describe("the mirror of the switch", () => {
  it("reads again before it acts, once it has not heard for longer than it may believe what it knows", async () => {
    const { store, clock, mirror } = await stage(standing(1, "dual"));
    store.stored = standing(2, "redis");
    expect([(await mirror.current()).phase, store.reads]).toEqual(["dual", 1]);
    // Ten seconds of SIGSTOP, or of a cable that was pulled.
    clock.now += 10_000;
    expect((await mirror.current()).phase).toBe("redis");
  });

  it("never goes back to an older version, however late it is read", async () => {
    const { store, mirror, told } = await stage(standing(7, "redis"));
    store.stored = standing(6, "dual");
    expect((await mirror.readAgain()).phase).toBe("redis");
    expect(mirror.learn(standing(5, "webhook")).phase).toBe("redis");
    expect(told).toEqual([{ kind: "phase.changed", phase: "redis", by: "default" }]);
  });

  it("does not act on what it knows where it is old and cannot be read, but for who must reach the bus", async () => {
    const { store, clock, mirror } = await stage(standing(1, "redis"));
    store.isDown = true;
    clock.now += 10_000;
    await expect(Promise.resolve(mirror.current())).rejects.toThrow("down");
    expect((await mirror.currentOrKnown()).phase).toBe("redis");
  });
});
