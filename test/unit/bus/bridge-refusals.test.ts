import { describe, expect, it } from "vitest";
import { hasTargetsName, insistNobodyTakes, insistNoLoop } from "../../../src/bus/bridge-refusals.ts";
import { busTarget } from "../../../src/bus/target.ts";

const QUEUE = "hokusai:model_ready_queue";
const settings = {
  legacyRedisList: null,
  legacyRedisChannel: null,
  legacyRedisEnvelope: "hokusai",
  legacyRedisEvents: ["model.registered"],
  legacyRedisListMax: 100,
} as const;
const type = "model.registered";
const list = { kind: "list", name: QUEUE, type } as const;
const channel = { kind: "channel", name: `${QUEUE}:pubsub`, type } as const;

describe("hasTargetsName", () => {
  it.each([
    [true, list, settings],
    [true, channel, settings],
    [false, { ...list, name: "other" }, settings],
    [false, { ...list, kind: "channel" as const }, settings],
    [false, { ...list, type: "job.completed" }, settings],
    [
      true,
      { ...list, name: "q:job.done", type: "job.done" },
      { ...settings, legacyRedisList: "q:{type}", legacyRedisEvents: ["job.*"] },
    ],
    [false, channel, { ...settings, legacyRedisList: QUEUE }],
  ])("is %s for %j", (expected, origin, given) => {
    expect(hasTargetsName(origin, busTarget(given))).toBe(expected);
  });
});

describe("insistNoLoop", () => {
  const server = { runId: "a", replicationId: "r", db: 0 };
  const other = { runId: "b", replicationId: "s", db: 0 };
  const replica = { ...server, runId: "c" };
  const refusal = expect.objectContaining({ code: "BRIDGE_LOOP" });

  it("refuses one list of one database, and one channel of one server or its replica", () => {
    expect(() => insistNoLoop(list, server, server)).toThrow(refusal);
    expect(() => insistNoLoop(channel, server, { ...server, db: 3 })).toThrow(refusal);
    expect(() => insistNoLoop(channel, replica, server)).toThrow(refusal);
  });

  it("has nothing against another database's list, or another server", () => {
    insistNoLoop(list, server, { ...server, db: 3 });
    insistNoLoop(list, server, other);
    insistNoLoop(channel, server, other);
  });
});

describe("insistNobodyTakes", () => {
  /** Looks that see these states one after the other, then the last one for ever; and how long it all took. */
  function looking(...states: readonly (readonly (readonly [string, string])[])[]) {
    let [looks, waitedMs] = [0, 0];
    return {
      look: async () => {
        looks += 1;
        return new Map(states[Math.min(looks, states.length) - 1]);
      },
      pause: async (ms: number) => {
        waitedMs += ms;
      },
      waitedMs: () => waitedMs,
    };
  }

  it("looks for more than a second at lists that stand still", async () => {
    const still = looking([["L:processing", "5"]]);
    await insistNobodyTakes("L", still.look, still.pause);
    expect(still.waitedMs()).toBeGreaterThanOrEqual(1_000);
  });

  it.each([
    ["changes", [["L:processing", "5"]], [["L:processing", "6"]]],
    ["appears", [], [["L:processing", "1"]]],
    ["goes away", [["L:processing", "1"]], []],
  ] as const)("refuses when one %s, and names it", async (_, before, after) => {
    const { look, pause } = looking(before, before, after);
    await expect(insistNobodyTakes("L", look, pause)).rejects.toMatchObject({
      code: "LIST_IN_USE",
      got: expect.stringContaining('"L:processing"'),
    });
  });

  it("sees one that is back where it was at the end", async () => {
    const { look, pause } = looking(
      [["L:processing", "1"]],
      [["L:processing", "2"]],
      [["L:processing", "1"]],
    );
    await expect(insistNobodyTakes("L", look, pause)).rejects.toMatchObject({ code: "LIST_IN_USE" });
  });
});
