/** Writes that are gathered, by a clock and timers that are the test's own, against a bus that takes what the test says. */
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { COMPANY_MS, createGatheringWriter } from "../../../src/bus/gather.ts";
import type { EventId } from "../../../src/core/brand.ts";
import { casesOf } from "../../support/depth.ts";
import { keptAt } from "./memory-shelf.ts";

const DEADLINE_MS = 100;

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

function stage() {
  const clock = { now: 1_000_000 };
  const bus = { takes: (_id: EventId): boolean => true, isWell: true };
  /** One for each write, in their order. */
  const writes: { readonly ids: readonly string[]; readonly deadlineMs: number | undefined }[] = [];
  const gathering = createGatheringWriter({
    writer: {
      write: async (events, deadlineMs) => {
        writes.push({ ids: events.map(({ id }) => id), deadlineMs });
        return new Set(events.flatMap(({ id }) => (bus.takes(id) ? [id] : [])));
      },
      isWell: () => bus.isWell,
    },
    deadlineMs: DEADLINE_MS,
    system: { monotonicMs: () => clock.now },
  });
  /** Resolves with the ids that the bus has of these. */
  const write = async (ids: readonly string[], data = "{}"): Promise<readonly string[]> => [
    ...(await gathering.write(ids.map((id) => ({ ...keptAt(id).event, data })))),
  ];
  const pass = async (ms: number): Promise<void> => {
    clock.now += ms;
    await vi.advanceTimersByTimeAsync(ms);
  };
  /** From then on more are to be expected. */
  const hasComeQuickly = async (): Promise<void> => {
    for (let n = 0; n < 16; n += 1) await write([`evt_before_${n}`]);
    writes.splice(0);
  };
  return { ...gathering, bus, clock, writes, write, pass, hasComeQuickly };
}

const idsOf = (count: number, name = "evt"): readonly string[] =>
  Array.from({ length: count }, (_, at) => `${name}_${at}`);

describe("an event that comes alone", () => {
  it("waits for nobody, and its write has all of the time", async () => {
    const { write, writes, pass } = stage();
    for (const id of ["evt_1", "evt_2"]) {
      expect(await write([id])).toEqual([id]);
      await pass(20);
    }
    expect(writes).toEqual([
      { ids: ["evt_1"], deadlineMs: DEADLINE_MS },
      { ids: ["evt_2"], deadlineMs: DEADLINE_MS },
    ]);
  });

  it("waits for nobody once the others have become rare", async () => {
    const { write, writes, pass, hasComeQuickly } = stage();
    await hasComeQuickly();
    await pass(200);
    await write(["evt_1"]);
    expect(writes).toHaveLength(1);
  });

  it("never waits at fifty a second", async () => {
    const { write, pass } = stage();
    for (const id of idsOf(100)) {
      await write([id]);
      await pass(20);
    }
  });
});

describe("events that come one after another", () => {
  it("share one write, which begins while the first has waited no longer than promised", async () => {
    const { write, writes, pass, hasComeQuickly } = stage();
    await hasComeQuickly();
    const first = write(["evt_1"]);
    await pass(2);
    const second = write(["evt_2", "evt_3"]);
    await pass(COMPANY_MS - 3);
    expect(writes).toEqual([]);
    await pass(1);
    expect([await first, await second]).toEqual([["evt_1"], ["evt_2", "evt_3"]]);
    expect(writes).toEqual([{ ids: ["evt_1", "evt_2", "evt_3"], deadlineMs: DEADLINE_MS - COMPANY_MS }]);
  });

  it("each hear of their own only, of what the bus takes and of what it does not", async () => {
    const { write, bus, pass, hasComeQuickly } = stage();
    await hasComeQuickly();
    bus.takes = (id) => id === "evt_2";
    const both = [write(["evt_1", "evt_2"]), write(["evt_3"])];
    await pass(COMPANY_MS);
    expect(await Promise.all(both)).toEqual([["evt_2"], []]);
  });

  it("that two jobs bring are written once, and both hear of it", async () => {
    const { write, writes, pass, hasComeQuickly } = stage();
    await hasComeQuickly();
    const both = [write(["evt_1"]), write(["evt_1", "evt_2"])];
    await pass(COMPANY_MS);
    expect(await Promise.all(both)).toEqual([["evt_1"], ["evt_1", "evt_2"]]);
    expect(writes.map(({ ids }) => ids)).toEqual([["evt_1", "evt_2"]]);
  });

  it("wait no longer when they are sixteen, or as large as a full batch", async () => {
    const { write, writes, hasComeQuickly } = stage();
    await hasComeQuickly();
    const many = [write(idsOf(10)), write(idsOf(6, "more"))];
    expect((await Promise.all(many)).map((ids) => ids.length)).toEqual([10, 6]);
    const large = [write(["evt_small"]), write(["evt_large"], `"${"x".repeat(512 * 1_024)}"`)];
    await Promise.all(large);
    expect(writes.map(({ ids }) => ids.length)).toEqual([16, 2]);
  });

  it("have the whole wait, also after others that went early", async () => {
    const { write, writes, pass, hasComeQuickly } = stage();
    await hasComeQuickly();
    const early = write(["evt_1"]);
    await pass(COMPANY_MS - 1);
    await Promise.all([early, write(idsOf(15, "more"))]);
    const next = write(["evt_2"]);
    await pass(COMPANY_MS - 1);
    expect(writes).toHaveLength(1);
    await pass(1);
    expect(await next).toEqual(["evt_2"]);
  });

  it("do not wait for company when one job brings as much", async () => {
    const { write, writes, hasComeQuickly } = stage();
    await hasComeQuickly();
    await write(idsOf(16));
    await write(["evt_large"], `"${"x".repeat(512 * 1_024)}"`);
    expect(writes.map(({ deadlineMs }) => deadlineMs)).toEqual([DEADLINE_MS, DEADLINE_MS]);
  });

  it("are not brought to a bus that failed while they waited", async () => {
    const { write, writes, bus, pass, hasComeQuickly } = stage();
    await hasComeQuickly();
    const both = [write(["evt_1"]), write(["evt_2"])];
    bus.isWell = false;
    await pass(COMPANY_MS);
    expect([await Promise.all(both), writes]).toEqual([[[], []], []]);
  });

  it("go at once when the worker stops, and nobody waits from then on", async () => {
    const { write, writes, hurry, hasComeQuickly } = stage();
    await hasComeQuickly();
    const both = [write(["evt_1"]), write(["evt_2"])];
    hurry();
    expect(await Promise.all(both)).toEqual([["evt_1"], ["evt_2"]]);
    await write(["evt_3"]);
    expect(writes.map(({ ids }) => ids)).toEqual([["evt_1", "evt_2"], ["evt_3"]]);
  });
});

/** A job comes with so many events, time passes, or the bus becomes ill or well. */
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant("comes" as const), events: fc.integer({ min: 1, max: 20 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("passes" as const), ms: fc.integer({ min: 0, max: 30 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("turns" as const), isWell: fc.boolean() }) },
);
type Step = typeof step extends fc.Arbitrary<infer One> ? One : never;

const isTaken = (id: string): boolean => !id.endsWith("3");

/** Each call with its answer, and how long that took. */
async function play(steps: readonly Step[]) {
  const { write, writes, bus, clock, pass } = stage();
  bus.takes = isTaken;
  const calls: { readonly ids: readonly string[]; answer: readonly string[] | null; tookMs: number }[] = [];
  const passSlowly = async (ms: number): Promise<void> => {
    for (let n = 0; n < ms; n += 1) await pass(1);
  };
  for (const one of steps) {
    if (one.kind === "turns") bus.isWell = one.isWell;
    else if (one.kind === "passes") await passSlowly(one.ms);
    else {
      const call = { ids: idsOf(one.events, `evt_${calls.length}`), answer: null, tookMs: Number.NaN };
      calls.push(call);
      const at = clock.now;
      void write(call.ids).then((answer) => Object.assign(call, { answer, tookMs: clock.now - at }));
    }
  }
  await passSlowly(COMPANY_MS);
  return { calls, written: writes.flatMap(({ ids }) => ids) };
}

describe("whatever comes when", () => {
  it("nobody waits longer than promised, nobody is written twice, and each hears of its own", async () => {
    const property = fc.asyncProperty(fc.array(step, { maxLength: 120, size: "max" }), async (steps) => {
      const { calls, written } = await play(steps);
      const onBus = new Set(written);
      expect(onBus.size).toBe(written.length);
      for (const { ids, answer, tookMs } of calls) {
        expect(tookMs).toBeLessThanOrEqual(COMPANY_MS);
        expect(answer).toEqual(ids.filter((id) => onBus.has(id) && isTaken(id)));
      }
    });
    await fc.assert(property, { numRuns: casesOf(300) });
  });
});
