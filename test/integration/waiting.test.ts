/** The index of waiting deliveries, on a real Redis: what has ended waits no more, whoever writes last. */
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { asEndpointId, asEventId } from "../../src/core/brand.ts";
import { type Delivery, type DeliveryState, deliveryId } from "../../src/core/delivery.ts";
import { openQueues, type Queues } from "../../src/queue/queues.ts";
import { createWaitingSweep } from "../../src/queue/waiting-sweep.ts";
import { createAttemptLog } from "../../src/store/attempt-log.ts";
import { createKeys } from "../../src/store/keys.ts";
import { createLookup } from "../../src/store/lookup.ts";
import { createParking } from "../../src/store/parking.ts";
import { createWaitingIndex } from "../../src/store/waiting.ts";
import { createWaitingEntries } from "../../src/store/waiting-entries.ts";
import { outboxOf } from "../support/letters.ts";
import { startRedis, type TestRedis } from "../support/service.ts";
import { delivered } from "../unit/observe/happenings.ts";

const KEYS = createKeys("{hookwave}");
const RETENTION_MS = 60_000;
const endpointId = asEndpointId("ep_1");

let server: TestRedis;
let redis: Redis;
let queues: Queues;

beforeEach(async () => {
  server = await startRedis();
  redis = new Redis(server.url, { maxRetriesPerRequest: null });
  queues = openQueues(redis, "{hookwave}", () => undefined);
});

afterEach(async () => {
  await queues.close();
  redis.disconnect();
  await server[Symbol.asyncDispose]();
});

const ignore = (): void => undefined;
const waiting = () => createWaitingIndex(redis, KEYS, RETENTION_MS, ignore);
const parking = () =>
  createParking({ redis, keys: KEYS, retentionMs: RETENTION_MS, holder: "me", tell: ignore });
const count = async (): Promise<number> => (await waiting().read(endpointId)).waiting;

const aDelivery = (event: string, more: Partial<Delivery> = {}): Delivery => ({
  event: { id: asEventId(event), type: "a.b", timestamp: "2026-01-31T12:00:00Z", data: "{}" },
  endpointId,
  acceptedAt: 1_000,
  attempts: [],
  round: 0,
  heldSince: null,
  ...more,
});

const ATTEMPT = {
  attemptNumber: 1,
  startedAt: "2026-01-31T12:00:00Z",
  durationMs: 5,
  outcome: "refused",
  status: 503,
  reason: null,
} as const;

/** As when an attempt of it has ended so. */
async function record(one: Delivery, status: DeliveryState["status"]): Promise<void> {
  const { record: write } = createAttemptLog(redis, KEYS, RETENTION_MS, ignore);
  await write({
    record: {
      ...delivered,
      eventId: one.event.id,
      endpointId,
      deliveryId: deliveryId(one),
      round: one.round,
    },
    recordText: "{}",
    acceptedAt: one.acceptedAt,
    state: { round: one.round, status, attempts: [ATTEMPT], nextAttemptAt: null, because: null },
    excerpt: "",
  });
}

const bury = (one: Delivery): Promise<void> =>
  outboxOf(redis, queues).bury({
    kind: "delivery",
    delivery: one,
    because: "exhausted",
    buriedAt: "2026-01-31T12:00:00Z",
  });

/** Ways for a delivery to end, each by the one step that says so. */
const ENDS: readonly (readonly [string, (one: Delivery) => Promise<unknown>])[] = [
  ["was delivered", (one) => record(one, "delivered")],
  ["failed for the last time", (one) => record(one, "buried")],
  ["was buried", bury],
  ["was cancelled", (one) => createLookup(redis, KEYS).cancel(one.event.id, endpointId)],
];

describe.each(ENDS)("a delivery that %s", (_how, end) => {
  it("waits no more, and does not come in again by a run that lost its job", async () => {
    const one = aDelivery("evt_1", { attempts: [ATTEMPT] });
    await record(one, "retrying");
    await waiting().add(one);
    expect(await count()).toBe(1);

    await end(one);
    expect(await count()).toBe(0);

    await waiting().add(one);
    await waiting().add({ ...one, attempts: [] });
    await parking().park({ ...one, heldSince: 2_000 }, 60_000);
    expect(await count()).toBe(0);
  });

  it("leaves a later round of it alone", async () => {
    const one = aDelivery("evt_1", { attempts: [ATTEMPT] });
    await record(one, "retrying");
    await waiting().add(one);
    await end(one);
    await waiting().add(aDelivery("evt_1", { round: 1 }));

    await bury(one);
    await waiting().remove(one);
    expect(await count()).toBe(1);
  });
});

it.each<[string, (one: Delivery) => Promise<void>]>([
  ["added", (one) => waiting().add(one)],
  ["taken out", (one) => waiting().remove(one)],
])("makes room for what is %s where something else lies under its key", async (_what, act) => {
  await redis.set(KEYS.waiting(endpointId), "not ours");
  await act(aDelivery("evt_1"));
  expect(await redis.get(`${KEYS.waiting(endpointId)}:quarantined`)).toBe("not ours");
});

describe("an entry that was left behind", () => {
  const sweep = () =>
    createWaitingSweep({
      entries: createWaitingEntries(redis, KEYS),
      queues,
      redis,
      endpointIds: () => [endpointId],
      fail: (error) => {
        throw error;
      },
    }).sweep();
  const leaveBehind = (one: Delivery) =>
    redis.zadd(KEYS.waiting(endpointId), one.acceptedAt, deliveryId(one));

  it("is taken out where its record says that it has ended, whatever became of it", async () => {
    const ended = await Promise.all(
      ENDS.map(async ([, end], n) => {
        const one = aDelivery(`evt_${n}`, { attempts: [ATTEMPT] });
        await record(one, "retrying");
        await end(one);
        return one;
      }),
    );
    const waits = aDelivery("evt_waits", { attempts: [ATTEMPT] });
    await record(waits, "retrying");
    await Promise.all([...ended, waits].map(leaveBehind));

    await sweep();
    expect(await redis.zrange(KEYS.waiting(endpointId), 0, "-1")).toEqual([deliveryId(waits)]);
  });

  it("is taken out where its event has expired, unless it has a job or a place in a line", async () => {
    const [gone, inJob, inLine] = ["evt_gone", "evt_job", "evt_line"].map((id) =>
      aDelivery(id, { round: 2 }),
    );
    if (gone === undefined || inJob === undefined || inLine === undefined) throw new Error("expected three");
    await outboxOf(redis, queues).schedule(inJob, 60_000);
    await parking().park({ ...inLine, heldSince: 2_000 }, 60_000);
    await Promise.all([gone, inJob, inLine].map(leaveBehind));
    await redis.del(...[gone, inJob, inLine].map(({ event }) => KEYS.event(event.id)));

    await sweep();
    expect(await redis.zrange(KEYS.waiting(endpointId), 0, "-1")).toEqual(
      [inJob, inLine].map(deliveryId).toSorted(),
    );
  });

  it("is found among many, of which none that waits is lost", async () => {
    const all = Array.from({ length: 1_000 }, (_, n) => aDelivery(`evt_${n}`, { acceptedAt: 1_000 + n }));
    await Promise.all(all.map((one, n) => record(one, n % 3 === 0 ? "delivered" : "retrying")));
    await Promise.all(all.map(leaveBehind));

    await sweep();
    expect(await count()).toBe(all.filter((_, n) => n % 3 !== 0).length);
  });
});

it("is looked through by one process an hour", async () => {
  const entries = createWaitingEntries(redis, KEYS);
  expect(await Promise.all([entries.takeTurn(), entries.takeTurn()])).toEqual([true, false]);
  expect(await redis.pttl(KEYS.waitingCheck)).toBeLessThanOrEqual(60 * 60 * 1_000);
});
