/** The lines of parked deliveries as Redis keeps them: their order, their leases, and what people do to what is in them. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { asEndpointId, asEventId } from "../../src/core/brand.ts";
import { type Delivery, roundId } from "../../src/core/delivery.ts";
import type { Happening } from "../../src/core/happening.ts";
import type { Parking } from "../../src/deliver/ports.ts";
import type { ParkedRounds } from "../../src/queue/ports.ts";
import { createKeys } from "../../src/store/keys.ts";
import { createParkedRounds } from "../../src/store/parked-rounds.ts";
import { createParking } from "../../src/store/parking.ts";
import { connectRedis, type Redis } from "../../src/store/redis.ts";
import { startRedis, type TestRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

const keys = createKeys("{hookwave}");
const [a, b] = [asEndpointId("ep_a"), asEndpointId("ep_b")];
const MINUTE_MS = 60_000;

let server: TestRedis;
let redis: Redis;
let told: Happening[];
let one: Parking;
let other: Parking;
let rounds: ParkedRounds;

beforeAll(async () => {
  server = await startRedis();
  redis = connectRedis(server.url, "worker", () => undefined);
});

beforeEach(async () => {
  await redis.flushall();
  told = [];
  const tell = (happening: Happening): void => void told.push(happening);
  const parkingOf = (holder: string): Parking =>
    createParking({ redis, keys, retentionMs: MINUTE_MS, holder, tell });
  [one, other] = [parkingOf("one"), parkingOf("other")];
  rounds = createParkedRounds(redis, keys);
});

afterAll(async () => {
  redis.disconnect();
  await server[Symbol.asyncDispose]();
});

function delivery(n: number, endpointId = a, more: Partial<Delivery> = {}): Delivery {
  const event = {
    id: asEventId(`evt_${n}`),
    type: "a.b",
    timestamp: "2026-01-01T00:00:00Z",
    data: '{"n": 1.0}',
  };
  return { event, endpointId, acceptedAt: 1, attempts: [], round: 0, heldSince: 1_000 + n, ...more };
}

const NOBODY: ReadonlySet<string> = new Set();
const namesIn = async (id = a, known = NOBODY): Promise<readonly string[]> =>
  (await one.take(id, 10, known)).map(({ name }) => name);

describe("a line", () => {
  it("keeps what it is given, once, in the order in which it was first held", async () => {
    for (const n of [3, 1, 2, 1]) await one.park(delivery(n), 0);
    expect(await namesIn()).toEqual([1, 2, 3].map((n) => roundId(delivery(n))));
    expect((await one.take(a, 1, NOBODY))[0]?.read).toEqual({ kind: "delivery", delivery: delivery(1) });
    expect(await rounds.count()).toMatchObject({ depth: 3, oldestHeldSince: 1_001 });
  });

  it("shows what is next, beside what is known", async () => {
    await Promise.all([1, 2, 3].map((n) => one.park(delivery(n), 0)));
    expect(await namesIn(a, new Set([roundId(delivery(1))]))).toEqual(
      [2, 3].map((n) => roundId(delivery(n))),
    );
  });

  it("makes people see it as held, unless the record says more", async () => {
    await one.park(delivery(1), 0);
    expect(JSON.parse((await redis.hget(keys.event(asEventId("evt_1")), `d:${a}`)) ?? "")).toMatchObject({
      status: "held",
    });
    expect(await redis.zscore(keys.waiting(a), `evt_1.${a}`)).toBe("1");
    await one.takeDue(10, MINUTE_MS);
    await one.take(a, 1, NOBODY);
    await one.end(a, [{ name: roundId(delivery(1)), goesTo: "nowhere" }]);
    expect(await redis.zcard(keys.waiting(a))).toBe(0);
  });

  it("is nobody's hindrance when something else lies under its key", async () => {
    await redis.set(keys.line(a).times, "nothing of ours");
    await one.park(delivery(1), 0);
    expect(await namesIn()).toEqual([roundId(delivery(1))]);
    expect(told).toMatchObject([{ kind: "service.noticed", detail: { key: keys.line(a).times } }]);
  });
});

describe("the lease of a line", () => {
  it("is one process' at a time, when the line is due", async () => {
    await one.park(delivery(1), 0);
    await one.park(delivery(2, b), MINUTE_MS);
    expect(await one.takeDue(10, MINUTE_MS)).toEqual([a]);
    expect(await other.takeDue(10, MINUTE_MS)).toEqual([]);
    expect(await other.renew([a], MINUTE_MS)).toEqual([a]);
    expect(await one.renew([a], MINUTE_MS)).toEqual([]);
  });

  it("is another's once it has ended, who then knows what was in work", async () => {
    for (const n of [1, 2, 3]) await one.park(delivery(n), 0);
    await one.takeDue(10, 20);
    await one.take(a, 2, NOBODY);
    await one.end(a, [{ name: roundId(delivery(2)), goesTo: "line" }]);
    await until("it has ended", async () => (await other.takeDue(10, MINUTE_MS)).length > 0);
    expect(await one.renew([a], MINUTE_MS)).toEqual([a]);
    await one.release(a, 0);
    expect(await other.renew([a], MINUTE_MS)).toEqual([]);
    expect((await other.take(a, 10, NOBODY)).map(({ crashes }) => crashes)).toEqual([1, 0, 0]);
    await other.release(a, 0);
    expect(await redis.exists(keys.line(a).starts)).toBe(0);
  });

  it("keeps one that was parked anew while it was in work, whoever then says that it is over", async () => {
    await one.park(delivery(1), 0);
    await one.takeDue(10, MINUTE_MS);
    await one.take(a, 1, NOBODY);
    const anew = delivery(1, a, { heldSince: 5_000 });
    await one.park(anew, 0);
    await one.end(a, [{ name: roundId(anew), goesTo: "job" }]);
    expect((await one.take(a, 1, NOBODY))[0]?.read).toEqual({ kind: "delivery", delivery: anew });
    await other.end(a, [{ name: roundId(anew), goesTo: "nowhere" }]);
    expect(await namesIn()).toEqual([roundId(anew)]);
    await one.end(a, [{ name: roundId(anew), goesTo: "nowhere" }]);
    expect(await namesIn()).toEqual([]);
  });

  it("counts no start of a suspect that is only looked at", async () => {
    await one.park(delivery(1), 0);
    const crashesOf = async () => (await one.take(a, 1, NOBODY))[0]?.crashes;
    expect([await crashesOf(), await crashesOf(), await crashesOf(), await crashesOf()]).toEqual([
      0, 1, 2, 2,
    ]);
    await one.begin(a, roundId(delivery(1)));
    expect(await crashesOf()).toBe(3);
  });

  it("leaves nothing behind where the line is empty, and the time of the next look where it is not", async () => {
    await Promise.all([one.park(delivery(1), 0), one.park(delivery(2, b), 0)]);
    await one.takeDue(10, MINUTE_MS);
    await one.take(a, 1, NOBODY);
    await one.end(a, [{ name: roundId(delivery(1)), goesTo: "nowhere" }]);
    for (const id of [a, b]) await one.release(id, MINUTE_MS);
    expect(await redis.zrange(keys.parking.due, 0, "-1")).toEqual([b]);
    expect(await redis.exists(keys.parking.leases, keys.line(a).times, keys.line(a).deliveries)).toBe(0);
    expect(await one.takeDue(10, MINUTE_MS)).toEqual([]);
  });

  it("can be taken from a Redis that is out of memory, or nothing would ever make room", async () => {
    await one.park(delivery(1), 0);
    await redis.config("SET", "maxmemory", "1");
    try {
      expect(await one.takeDue(10, MINUTE_MS)).toEqual([a]);
      expect(await one.renew([a], MINUTE_MS)).toEqual([]);
      expect(await one.take(a, 1, NOBODY)).toHaveLength(1);
      await one.park(delivery(2), 0);
      await one.take(a, 2, NOBODY);
      await one.end(a, [{ name: roundId(delivery(2)), goesTo: "job" }]);
      await one.end(a, [{ name: roundId(delivery(1)), goesTo: "nowhere" }]);
      await one.release(a, 0);
    } finally {
      await redis.config("SET", "maxmemory", "0");
    }
    expect(await redis.exists(keys.parking.due, keys.parking.leases)).toBe(0);
  });
});

describe("a parked delivery", () => {
  it("is known by when its line is looked at", async () => {
    await one.park(delivery(1), MINUTE_MS);
    const [dueAt, none] = await rounds.dueAt([delivery(1), delivery(2)]);
    expect(dueAt).toBeGreaterThan(Date.now());
    expect(none).toBeNull();
  });

  it("goes to the head of its line, which is looked at now, when a person wants it now", async () => {
    for (const n of [1, 2]) await one.park(delivery(n), MINUTE_MS);
    expect(await rounds.bringForward(delivery(3))).toBe(false);
    expect(await rounds.bringForward(delivery(2))).toBe(true);
    expect(await namesIn()).toEqual([2, 1].map((n) => roundId(delivery(n))));
    expect(await one.takeDue(10, MINUTE_MS)).toEqual([a]);
  });

  it("is gone when it was withdrawn", async () => {
    await one.park(delivery(1), 0);
    await rounds.withdraw(delivery(1));
    // Not a text that cannot be read, where only its name is left.
    await redis.zadd(keys.line(a).times, 1, "evt_9@1#0");
    expect(await one.take(a, 1, NOBODY)).toEqual([]);
    expect(await namesIn()).toEqual([]);
    expect(await redis.exists(keys.line(a).deliveries)).toBe(0);
  });
});
