/** The writer against a bus that does what the test says, by a clock that is the test's own. */
import { describe, expect, it } from "vitest";
import type { BusCommand } from "../../../src/bus/ports.ts";
import { busTarget } from "../../../src/bus/target.ts";
import { createBusWriter } from "../../../src/bus/writer.ts";
import { asEventId } from "../../../src/core/brand.ts";
import type { Happening } from "../../../src/core/happening.ts";

const event = (id: string, type = "model.registered") => ({
  id: asEventId(id),
  type,
  timestamp: "2026-01-31T12:00:00Z",
  data: "{}",
});
const events = (count: number, type?: string) =>
  Array.from({ length: count }, (_, at) => event(`evt_${at}`, type));

const never = (): Promise<never> => new Promise(() => undefined);

interface Options {
  readonly listMax?: number;
  readonly list?: string | null;
  readonly channel?: string | null;
  readonly deadlineMs?: number;
}

/** A bus of lists that are as long as `lengths` says; a command may be answered otherwise. */
function stage({ listMax = 100, list = "list", channel = "channel", deadlineMs = 50 }: Options = {}) {
  const lengths = new Map<string, number>();
  const sent: BusCommand[] = [];
  const happenings: Happening[] = [];
  const clock = { now: 1_000_000 };
  const bus = {
    untilReady: (_patienceMs: number): Promise<void> => Promise.resolve(),
    pass: (): Promise<void> => Promise.resolve(),
    answer: ([name, key, ...entries]: BusCommand): number | Error => {
      if (name === "publish") return 2;
      const length = (lengths.get(key) ?? 0) + entries.length;
      lengths.set(key, length);
      return length;
    },
  };
  const settings = {
    legacyRedisList: list,
    legacyRedisChannel: channel,
    legacyRedisEnvelope: "none" as const,
    legacyRedisEvents: ["*"],
    legacyRedisListMax: listMax,
  };
  const writer = createBusWriter({
    link: {
      untilReady: (patienceMs) => bus.untilReady(patienceMs),
      send: async (commands) => {
        sent.push(...commands);
        await bus.pass();
        return commands.map((command) => bus.answer(command));
      },
    },
    target: busTarget(settings),
    deadlineMs,
    tell: (happening) => happenings.push(happening),
    system: { monotonicMs: () => clock.now },
  });
  const named = (name: BusCommand[0]) => sent.filter(([one]) => one === name);
  const lines = () => happenings.filter(({ kind }) => kind === "service.failed");
  const writes = () => happenings.filter((one) => one.kind === "bus.written");
  return { writer, bus, lengths, named, lines, writes, clock };
}

describe("a write", () => {
  it("pushes onto the list first, then says it on the channel", async () => {
    const { writer, named, writes } = stage();
    expect([...(await writer.write([event("evt_1")]))]).toEqual(["evt_1"]);
    expect([named("lpush"), named("publish")]).toEqual([
      [["lpush", "list", "{}"]],
      [["publish", "channel", "{}"]],
    ]);
    expect(writes()).toMatchObject([{ written: 1, failed: 0, full: 0, receivers: 2, listLength: 1 }]);
  });

  it("pushes what goes onto one list together, in its order, and says each on its own", async () => {
    const { writer, named, writes } = stage({ list: "list:{type}" });
    const mixed = [event("evt_1", "a.b"), event("evt_2", "c.d"), event("evt_3", "a.b")];
    expect([...(await writer.write(mixed))].toSorted()).toEqual(["evt_1", "evt_2", "evt_3"]);
    expect(named("lpush")).toEqual([
      ["lpush", "list:a.b", "{}", "{}"],
      ["lpush", "list:c.d", "{}"],
    ]);
    expect(named("publish")).toHaveLength(3);
    expect(writes()).toMatchObject([{ written: 3, failed: 0, listLength: 2 }]);
  });

  it("counts an event as written by its channel where there is no list, and by its list where there is no channel", async () => {
    const [spoken, listed] = [stage({ list: null }), stage({ channel: null })];
    expect([...(await spoken.writer.write([event("evt_1")]))]).toEqual(["evt_1"]);
    expect([...(await listed.writer.write([event("evt_1")]))]).toEqual(["evt_1"]);
    expect([spoken.named("lpush"), listed.named("publish")]).toEqual([[], []]);
  });

  it("that nobody hears is no failure", async () => {
    const { writer, bus, lines, writes } = stage();
    const usual = bus.answer;
    bus.answer = (command) => (command[0] === "publish" ? 0 : usual(command));
    expect((await writer.write([event("evt_1")])).size).toBe(1);
    expect([lines(), writes()]).toMatchObject([[], [{ receivers: 0 }]]);
  });

  it("that the channel refuses and the list has taken is a log line, and written", async () => {
    const { writer, bus, lines } = stage();
    const usual = bus.answer;
    bus.answer = (command) => (command[0] === "publish" ? new Error("NOPERM") : usual(command));
    expect((await writer.write([event("evt_1")])).size).toBe(1);
    expect([lines().length, writer.isWell()]).toEqual([1, true]);
  });
});

describe("a bus in trouble", () => {
  it("is left alone for a second, told once a minute, and counted each time", async () => {
    const { writer, bus, clock, lines, writes } = stage();
    const usual = bus.answer;
    bus.answer = (command) =>
      command[0] === "lpush" ? new Error("OOM command not allowed") : usual(command);
    for (let second = 0; second < 59; second += 1) {
      expect(writer.isWell()).toBe(true);
      expect((await writer.write([event("evt_1")])).size).toBe(0);
      expect(writer.isWell()).toBe(false);
      clock.now += 1_000;
    }
    expect([lines().length, writes().length]).toEqual([1, 59]);
    expect(writer.trouble()).toContain("OOM");

    clock.now += 1_000;
    await writer.write([event("evt_1")]);
    expect(lines()).toHaveLength(2);
    bus.answer = usual;
    clock.now += 1_000;
    expect([writer.isWell(), (await writer.write([event("evt_1")])).size]).toEqual([true, 1]);
  });

  it("holds nobody up for longer than the deadline, while it connects, is asked for its length, or is written", async () => {
    const connecting = stage();
    const asked: number[] = [];
    connecting.bus.untilReady = (patienceMs) => {
      asked.push(patienceMs);
      connecting.clock.now += patienceMs;
      return Promise.reject(new Error("no connection"));
    };
    expect((await connecting.writer.write([event("evt_1")])).size).toBe(0);
    expect(asked).toEqual([50]);

    const hung = stage();
    hung.bus.pass = never;
    expect((await hung.writer.write([event("evt_1")])).size).toBe(0);
    expect(hung.writer.trouble()).toContain("no answer within 50 ms");
  });

  it("is sent nothing once the deadline is over: it would arrive, and come again later", async () => {
    const { writer, bus, clock, named } = stage();
    bus.untilReady = async () => {
      clock.now += 50;
    };
    expect((await writer.write([event("evt_1")])).size).toBe(0);
    expect(named("lpush")).toEqual([]);
  });

  it("that did not answer is asked before it is written again, since it pushes it all when it wakes", async () => {
    const { writer, bus, named } = stage({ deadlineMs: 20 });
    await writer.write([event("evt_1")]);
    bus.pass = never;
    await writer.write([event("evt_2")]);
    await writer.write([event("evt_2")]);
    expect([named("lpush").length, named("llen").length]).toEqual([2, 2]);
  });

  it("in one list keeps nothing from the others", async () => {
    const { writer, bus, lines } = stage({ list: "list:{type}" });
    const usual = bus.answer;
    bus.answer = (command) => (command[1] === "list:bad.type" ? new Error("WRONGTYPE") : usual(command));
    const mixed = [event("evt_bad", "bad.type"), event("evt_good", "good.type")];
    expect([...(await writer.write(mixed))]).toEqual(["evt_good"]);
    expect([writer.isWell(), lines().length]).toEqual([true, 1]);
  });
});

describe("a list near its maximum", () => {
  it("gets what there is room for, and nothing more", async () => {
    const { writer, lengths, writes, lines } = stage({ listMax: 10 });
    lengths.set("list", 7);
    expect([...(await writer.write(events(5)))]).toEqual(["evt_0", "evt_1", "evt_2"]);
    expect([...(await writer.write(events(5)))]).toEqual([]);
    expect(lengths.get("list")).toBe(10);
    expect(writes()).toMatchObject([
      { written: 3, full: 2, failed: 0 },
      { written: 0, full: 5, failed: 0 },
    ]);
    expect([lines().length, writer.isWell()]).toEqual([1, true]);

    lengths.set("list", 0);
    expect((await writer.write(events(5))).size).toBe(5);
  });

  it("gets nothing more when many write at once", async () => {
    const { writer, lengths } = stage({ listMax: 10 });
    const written = await Promise.all(events(30).map((one) => writer.write([one])));
    expect([lengths.get("list"), written.filter(({ size }) => size === 1).length]).toEqual([10, 10]);
  });

  it("is asked for its length again after a second, since others push as well", async () => {
    const { writer, lengths, clock, named } = stage({ listMax: 10 });
    await writer.write([event("evt_1")]);
    await writer.write([event("evt_2")]);
    expect(named("llen")).toHaveLength(1);
    lengths.set("list", 10);
    clock.now += 1_000;
    expect((await writer.write([event("evt_3")])).size).toBe(0);
    expect(lengths.get("list")).toBe(10);
  });
});
