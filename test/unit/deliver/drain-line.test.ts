import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { asEndpointId, asEventId } from "../../../src/core/brand.ts";
import { type Delivery, type DeliveryState, roundId } from "../../../src/core/delivery.ts";
import { SUSPECT_CRASHES } from "../../../src/core/own-failure.ts";
import { createDrainLine, type LineInWork } from "../../../src/deliver/drain-line.ts";
import type { EndedTurn, ParkedDelivery } from "../../../src/deliver/ports.ts";
import { casesOf } from "../../support/depth.ts";

const endpointId = asEndpointId("ep_1");

function parkedDelivery(n: number): ParkedDelivery {
  const delivery: Delivery = {
    event: { id: asEventId(`evt_${n}`), type: "a.b", timestamp: "2026-01-01T00:00:00Z", data: "{}" },
    endpointId,
    acceptedAt: 1,
    attempts: [],
    round: 0,
    heldSince: n + 1,
  };
  return {
    name: roundId(delivery),
    heldSince: n + 1,
    text: "",
    crashes: 0,
    read: { kind: "delivery", delivery },
  };
}

const attempt = {
  attemptNumber: 1,
  startedAt: "2026-01-01T00:00:00Z",
  durationMs: 1,
  outcome: "refused",
  status: 503,
  reason: null,
} as const;

/** The fate of one try: no try at all, a failure of our own, or what an attempt comes to. */
const FATES = ["hold", "ours", "complete", "retry", "bury"] as const;
type Fate = (typeof FATES)[number];
const VERDICTS = {
  complete: { kind: "complete" },
  retry: { kind: "retry", inMs: 2_000 },
  bury: { kind: "bury", because: "gone" },
} as const;
const STATUSES = { complete: "delivered", retry: "retrying", bury: "buried" } as const;

const never = (): Promise<never> => new Promise(() => undefined);

/** An endpoint's line and all that happens to what is in it, in memory. */
function world(fates: readonly (readonly Fate[])[], deadly = "") {
  let death = Promise.withResolvers<"dead">();
  let isDead = false;
  const whileAlive = (): Promise<void> => (isDead ? never() : Promise.resolve());
  const line = new Map(fates.map((_, n) => [parkedDelivery(n).name, parkedDelivery(n)]));
  const left = new Map(fates.map((own, n) => [parkedDelivery(n).name, [...own]]));
  const states = new Map<string, DeliveryState>();
  const [posts, delivered, booked, buried] = [new Map<string, number>(), new Set(), new Set(), new Set()];
  const order: string[] = [];
  const starts = new Map<string, number>();
  /** Writes of ends until Redis is gone for one. */
  let endsLeft = Number.POSITIVE_INFINITY;
  let open = 0;
  let most = 0;
  const note = (delivery: Delivery, fate: keyof typeof VERDICTS): void => {
    const name = roundId(delivery);
    const status = STATUSES[fate];
    const because = fate === "bury" ? "gone" : null;
    if (fate === "complete") delivered.add(name);
    posts.set(name, (posts.get(name) ?? 0) + 1);
    states.set(name, { round: 0, status, attempts: [attempt], nextAttemptAt: null, because });
  };
  const drain = createDrainLine({
    parking: {
      park: async () => undefined,
      begin: async (_, name) => void starts.set(name, (starts.get(name) ?? 0) + 1),
      take: async (_, count, known) => {
        await whileAlive();
        return [...line.values()]
          .filter(({ name }) => !known.has(name))
          .slice(0, count)
          .map((one) => {
            const crashes = starts.get(one.name) ?? 0;
            if (crashes < SUSPECT_CRASHES) starts.set(one.name, crashes + 1);
            return { ...one, crashes };
          });
      },
      end: async (_, ended: readonly EndedTurn[]) => {
        await whileAlive();
        endsLeft -= 1;
        if (endsLeft === 0) throw new Error("Redis is gone");
        for (const { name, goesTo } of ended) {
          starts.delete(name);
          if (goesTo !== "line") line.delete(name);
        }
      },
    },
    ledger: {
      statesOf: async (some) => some.map((one) => states.get(roundId({ ...one, round: 0 })) ?? null),
    },
    outbox: {
      schedule: async () => undefined,
      scheduleFromLine: async (delivery) => void booked.add(roundId(delivery)),
      bury: async (letter) => void buried.add(letter.kind === "delivery" ? roundId(letter.delivery) : ""),
    },
    waiting: { add: async () => undefined, remove: async () => undefined },
    limits: { capOf: () => 4 },
    deliver: async (delivery, holdsLease) => {
      if (roundId(delivery) === deadly) {
        isDead = true;
        death.resolve("dead");
      }
      await whileAlive();
      order.push(delivery.event.id);
      open += 1;
      most = Math.max(most, open);
      await new Promise(setImmediate);
      open -= 1;
      const fate = left.get(roundId(delivery))?.shift() ?? "complete";
      if (fate === "ours" || !holdsLease()) throw new Error("a failure of our own");
      if (fate === "hold") return { verdict: { kind: "hold", inMs: 1 }, delivery };
      note(delivery, fate);
      return { verdict: VERDICTS[fate], delivery: { ...delivery, attempts: [attempt] } };
    },
    slots: { run: (_, attempt) => attempt(), busyMsSince: () => 0 },
    fail: () => undefined,
    system: { now: Date.now, monotonicMs: () => performance.now() },
  });
  const run = async (changes: Partial<LineInWork> = {}): Promise<number | "dead"> => {
    isDead = false;
    death = Promise.withResolvers();
    const inWork = {
      id: endpointId,
      holdsLease: () => true,
      goesOn: () => true,
      setEmpty: () => undefined,
      ...changes,
    };
    return await Promise.race([drain(inWork), death.promise]);
  };
  return {
    run,
    line,
    states,
    posts,
    delivered,
    booked,
    buried,
    order,
    most: () => most,
    starts,
    failAtEnd: (after: number) => {
      endsLeft = after;
    },
  };
}

describe("a line of parked deliveries", () => {
  it("loses nothing, sends nothing twice and charges no hold, whatever happens, and comes to an end", async () => {
    const fates = fc.array(fc.array(fc.constantFrom(...FATES), { maxLength: 4 }), {
      minLength: 1,
      maxLength: 40,
    });
    await fc.assert(
      fc.asyncProperty(
        fates,
        fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 3 }),
        async (all, deaths) => {
          const played = world(all);
          for (const after of deaths) {
            played.failAtEnd(after);
            await played.run().catch(() => undefined);
          }
          played.failAtEnd(Number.POSITIVE_INFINITY);
          // Each run in vain has used up a fate that was none.
          for (let runs = 0; played.line.size > 0 && runs < 4 * all.length + 8; runs += 1)
            await played.run().catch(() => undefined);
          expect([...played.line.keys()]).toEqual([]);
          expect(Math.max(...played.posts.values())).toBe(1);
          const { delivered, booked, buried } = played;
          for (let n = 0; n < all.length; n += 1) {
            const { name } = parkedDelivery(n);
            expect([delivered, booked, buried].filter((one) => one.has(name))).toHaveLength(1);
          }
        },
      ),
      { numRuns: casesOf(300) },
    );
  });

  it("goes first come, first served", async () => {
    const { run, order } = world(Array.from({ length: 50 }, () => []));
    expect(await run()).toBe(0);
    expect(order).toEqual(Array.from({ length: 50 }, (_, n) => `evt_${n}`));
  });

  it("tells when what is held may go, and waits for a moment itself", async () => {
    const { run, line, delivered } = world([["hold"], ["hold", "hold"]]);
    await run();
    expect([line.size, delivered.size]).toEqual([0, 2]);
  });

  it("begins nothing more once it is told to end, and keeps what it has not begun", async () => {
    const { run, line, delivered } = world(Array.from({ length: 400 }, () => []));
    await run({ goesOn: () => delivered.size < 10 });
    expect(line.size + delivered.size).toBe(400);
    expect(line.size).toBeGreaterThan(0);
  });

  it("sends nothing once its lease is lost", async () => {
    const { run, posts, line } = world(Array.from({ length: 8 }, () => []));
    await expect(run({ holdsLease: () => posts.size < 3 })).rejects.toThrow("our own");
    expect(posts.size).toBeLessThan(8);
    expect(line.size).toBe(8 - posts.size);
  });

  it("sends its suspects one at a time, and the others together again after them", async () => {
    const { run, starts, most, order, line } = world(Array.from({ length: 30 }, () => []));
    for (const n of [0, 1, 2]) starts.set(parkedDelivery(n).name, SUSPECT_CRASHES);
    await run({ goesOn: () => order.length < 4 });
    expect([most(), order]).toEqual([1, ["evt_3", "evt_0", "evt_1", "evt_2"]]);
    await run();
    expect(line.size).toBe(0);
    expect(most()).toBeGreaterThan(1);
    expect(starts.size).toBe(0);
  });

  it("finds the one that kills its worker each time, and buries it at its ninth start", async () => {
    const deadly = parkedDelivery(4).name;
    const { run, starts, buried, line, delivered } = world(
      Array.from({ length: 10 }, () => []),
      deadly,
    );
    let deaths = 0;
    while (!buried.has(deadly) && deaths < 20) if ((await run()) === "dead") deaths += 1;
    expect(deaths).toBe(8);
    expect([line.size, delivered.size, starts.size]).toEqual([0, 9, 0]);
  });
});
