import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { system } from "../../../src/config/system.ts";
import { asEventId, type EventId } from "../../../src/core/brand.ts";
import type { Durability } from "../../../src/core/durability.ts";
import { HookwaveError } from "../../../src/core/errors.ts";
import type { PublishedEvent } from "../../../src/core/event.ts";
import { shardsOf } from "../../../src/core/shards.ts";
import { prepareEvent } from "../../../src/publish/check-event.ts";
import { createEventPublisher } from "../../../src/publish/publisher.ts";

interface Write {
  readonly ids: readonly string[];
  readonly durability: Durability;
  readonly end: PromiseWithResolvers<void>;
}

/** A publisher whose writes end when the test says so. */
function stage(durability: Durability = "redis") {
  const writes: Write[] = [];
  const enqueue = (batch: readonly PublishedEvent[], level: Durability): Promise<void> => {
    const end = Promise.withResolvers<void>();
    writes.push({ ids: batch.map(({ id }) => id), durability: level, end });
    return end.promise;
  };
  const publisher = createEventPublisher({
    putOnBus: async () => new Set(),
    durability,
    beginSpan: null,
    stores: shardsOf([{ enqueue, untilReady: () => Promise.resolve() }], () => 0),
    system,
    tell: () => undefined,
  });
  return { publisher, writes };
}

const event = (id: string) => ({ id, type: "thing.made", data: {} });
const events = (count: number) => Array.from({ length: count }, (_, n) => event(`evt_${n}`));

describe("publishing while Redis does not answer", () => {
  it("does not keep what it has refused: only what was being written may still be stored", async () => {
    const { publisher, writes } = stage();
    const refused = Promise.allSettled(events(5_000).map((one) => publisher.publish(one)));
    await expect(publisher.publishMany(events(5_000))).rejects.toMatchObject({ code: "REDIS_UNAVAILABLE" });
    expect((await refused).map(({ status }) => status)).not.toContain("fulfilled");
    const begun = writes.length;

    for (const { end } of writes) end.resolve();
    await publisher.close();

    expect(writes).toHaveLength(begun);
    expect(writes.flatMap(({ ids }) => ids).length).toBeLessThan(1_000);
  });

  it("names the id to publish again with, also where it was made up", async () => {
    const { publisher, writes } = stage("replicated");
    const refused = publisher.publish({ type: "thing.made", data: {} });
    await expect(refused).rejects.toMatchObject({
      code: "DURABILITY_UNMET",
      got: "none within 250 ms",
      remedy: expect.stringMatching(/publish again with id "evt_[0-9a-f]{32}"/),
    });
    expect(await refused.catch((error: Error) => error.message)).toContain(writes[0]?.ids[0]);
  });
});

describe("publishing with a durability", () => {
  it("takes the publisher's own where the call does not say, and never mixes levels in a batch", async () => {
    const { publisher, writes } = stage("fsync");
    const published = [
      publisher.publish(event("a")),
      publisher.publish(event("b"), { durability: "redis" }),
      publisher.publish(event("c"), {}),
      publisher.publishMany([event("d")], { durability: "replicated" }),
    ];
    await turn();
    for (const { end } of writes) end.resolve();
    await Promise.all(published);

    const seen = writes.map(({ ids, durability }) => `${durability} ${ids.join("+")}`);
    expect(seen.toSorted()).toEqual(["fsync a+c", "redis b", "replicated d"]);
  });

  it("passes on why it is unmet, with the ids of this caller alone", async () => {
    const { publisher, writes } = stage();
    const refused = publisher.publish(event("mine"), { durability: "fsync" });
    const other = publisher.publish(event("other"), { durability: "fsync" }).catch(() => undefined);
    await turn();
    const why = { expected: "a disk", got: "none", remedy: "buy one" };
    for (const { end } of writes) end.reject(new HookwaveError("DURABILITY_UNMET", why));

    await expect(refused).rejects.toMatchObject({
      ...why,
      code: "DURABILITY_UNMET",
      remedy: 'buy one; then publish again with id "mine", which stays harmless if it was stored after all',
    });
    await other;
  });

  it("refuses a level there is none of, in the call and in the options", async () => {
    const { publisher, writes } = stage();
    const wrong: { readonly durability: Durability } = JSON.parse('{"durability":"safe"}');
    await expect(publisher.publish(event("a"), wrong)).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    await expect(publisher.publishMany([event("a")], wrong)).rejects.toMatchObject({
      code: "CONFIG_INVALID",
    });
    expect(() => stage(wrong.durability)).toThrow("one of redis, replicated, fsync");
    expect(writes).toEqual([]);
  });
});

describe("an event that says of itself that it was checked", () => {
  it.each([
    { type: "BAD TYPE", checkedText: "not json", id: "../x" },
    { type: "thing.made", checkedText: "not json" },
    { type: "job.completed", checkedText: "{}", dataText: "{}" },
  ])("is checked all the same: %j", async (asked) => {
    const { publisher, writes } = stage();
    const published = Reflect.apply(publisher.publish, undefined, [asked]);
    await expect(published).rejects.toMatchObject({ code: "EVENT_INVALID" });
    expect(writes).toEqual([]);
  });
});

describe("publishing while the bus is asked", () => {
  const waiting = () => {
    const asked = Promise.withResolvers<ReadonlySet<EventId>>();
    const stored: PublishedEvent[] = [];
    const store = { isUp: true };
    const enqueue = async (batch: readonly PublishedEvent[]): Promise<void> => {
      if (!store.isUp) throw new Error("down");
      stored.push(...batch);
    };
    const publisher = createEventPublisher({
      putOnBus: () => asked.promise,
      durability: "redis",
      beginSpan: null,
      stores: shardsOf([{ enqueue, untilReady: () => Promise.resolve() }], () => 0),
      system,
      tell: () => undefined,
    });
    return { publisher, asked, stored, store };
  };

  it("is waited for by close, and not refused", async () => {
    const { publisher, asked, stored } = waiting();
    const published = publisher.publish(event("evt_1"));
    const closed = publisher.close();
    await turn();
    asked.resolve(new Set());
    await closed;
    expect(stored.map(({ id }) => id)).toEqual(["evt_1"]);
    await expect(published).resolves.toEqual({ id: "evt_1" });
  });

  it("marks what the bus has, and accepts that although the store is down", async () => {
    const { publisher, asked, stored, store } = waiting();
    asked.resolve(new Set([asEventId("evt_1")]));
    const one = { ...event("evt_1"), legacyData: { model_id: "one" } };
    await publisher.publishMany([one, event("evt_2")]);
    expect(stored.map(({ id, legacy }) => [id, legacy])).toEqual([
      ["evt_1", { data: '{"model_id":"one"}', isWritten: true }],
      ["evt_2", undefined],
    ]);

    store.isUp = false;
    await expect(publisher.publish(one)).resolves.toEqual({ id: "evt_1", isOnBusOnly: true });
    await expect(publisher.publishMany([one, event("evt_2")])).rejects.toMatchObject({
      code: "REDIS_UNAVAILABLE",
    });
  });
});

describe("a text for the bus", () => {
  it("is kept byte for byte, and refused where it is no JSON or too large", () => {
    const prepared = (legacy: { readonly legacyText: string }) =>
      prepareEvent({ type: "thing.made", dataText: "{}", ...legacy }, system).legacy;
    expect(prepared({ legacyText: ' { "a":1e2 }\n' })).toEqual({ data: ' { "a":1e2 }\n' });
    expect(() => prepared({ legacyText: "{" })).toThrow(/legacyText: JSON text/);
    expect(() => prepared({ legacyText: `"${"x".repeat(300_000)}"` })).toThrow(/at most/);
  });
});
