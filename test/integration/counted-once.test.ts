/** What a re-run writes once more is counted once, on a real Redis: a worker that dies leaves its work to be run again. */
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { system } from "../../src/config/system.ts";
import type { AttemptRecord, FinishedAttempt } from "../../src/core/attempt.ts";
import type { DeadLetter, DeliveryState } from "../../src/core/delivery.ts";
import type { Happening } from "../../src/core/happening.ts";
import { summaryOf } from "../../src/core/letter.ts";
import type { Outbox } from "../../src/deliver/ports.ts";
import { openQueues, type Queues } from "../../src/queue/queues.ts";
import { createAttemptLog } from "../../src/store/attempt-log.ts";
import { createBurial } from "../../src/store/burial.ts";
import { createKeys } from "../../src/store/keys.ts";
import { createLetterIndex } from "../../src/store/letter-index.ts";
import { createMinutes, minuteOf } from "../../src/store/minute-counts.ts";
import { createStatistics, hourOf } from "../../src/store/statistics.ts";
import { aLetter, outboxOf } from "../support/letters.ts";
import { startRedis, type TestRedis } from "../support/service.ts";
import { delivered, endpointId, refused } from "../unit/observe/happenings.ts";

const KEYS = createKeys("{hookwave}");
const LETTER = aLetter({ eventId: "evt_1", endpoint: endpointId });
const { delivery } = LETTER;

let server: TestRedis;
let redis: Redis;
let queues: Queues;
let told: Happening[];

beforeEach(async () => {
  server = await startRedis();
  redis = new Redis(server.url, { maxRetriesPerRequest: null });
  queues = openQueues(redis, "{hookwave}", () => undefined);
  told = [];
  await redis.hset(KEYS.endpoints, endpointId, "{}");
});

afterEach(async () => {
  await queues.close();
  redis.disconnect();
  await server[Symbol.asyncDispose]();
});

/** Of a worker of its own, as each run may have another. */
const bury = (letter: DeadLetter, connection = redis): Promise<void> => outboxFor(connection).bury(letter);
const outboxFor = (connection: Redis): Outbox =>
  outboxOf(connection, queues, (happening) => told.push(happening));

const statistics = () => createStatistics(redis, KEYS, system.now).read(endpointId);
const countsOfToday = async () => {
  const { delivered: all, buried, lastDay } = await statistics();
  return { delivered: all, buried, ofDay: { delivered: lastDay.delivered, buried: lastDay.buried } };
};

const nowText = (): string => new Date(system.now()).toISOString();
/** Of the whole fleet, as the minutes count it. */
const minutesOfNow = async () => {
  const minutes = await createMinutes(redis, KEYS)(Date.now() - 120_000, Date.now());
  const sumOf = (field: "attempts" | "delivered" | "buried") =>
    minutes.reduce((sum, one) => sum + one[field], 0);
  return { attempts: sumOf("attempts"), delivered: sumOf("delivered"), buried: sumOf("buried") };
};

/** A connection whose scripts are run, and whose answers get lost `times` times: whoever asked is told nothing. */
function losingAnswers(times: number): Redis {
  let left = times;
  return new Proxy(redis, {
    get: (target, name) => {
      if (name !== "evalsha" && name !== "eval") return Reflect.get(target, name, target);
      return async (...given: Parameters<Redis["evalsha"]>) => {
        const answer = await Reflect.apply(Reflect.get(target, name), target, given);
        left -= 1;
        if (left >= 0) throw new Error("Connection is closed.");
        return answer;
      };
    },
  });
}

describe("a burial", () => {
  it("that is run again is counted, and told of, once", async () => {
    await bury(LETTER);
    await bury(LETTER);
    await bury(LETTER);

    expect(await countsOfToday()).toMatchObject({ buried: 1, ofDay: { buried: 1 } });
    expect(told).toMatchObject([{ kind: "delivery.buried", because: "exhausted" }]);
    expect(await queues.deadLetters.getPrioritizedCount()).toBe(1);
  });

  it("is counted once though its letter was removed before it was run again", async () => {
    await bury(LETTER);
    const index = createLetterIndex(redis, KEYS);
    const { data } = await index.walk({}, "newest", { after: null, limit: 10 });
    for (const { id } of data) await queues.deadLetters.remove(id);
    await index.remove(data);

    await bury(LETTER);

    expect((await statistics()).buried).toBe(1);
    expect(told).toHaveLength(1);
  });

  it("of a later round counts again, as its new end", async () => {
    await bury(LETTER);
    await bury({ ...LETTER, delivery: { ...delivery, round: 1 } });

    expect((await statistics()).buried).toBe(2);
    expect(told).toHaveLength(2);
  });

  it("that a version before this one has counted is not counted again", async () => {
    await bury(LETTER);
    await redis.del(KEYS.event(delivery.event.id));

    await bury(LETTER);

    expect((await statistics()).buried).toBe(1);
  });

  it("of a delivery whose event's id is by now another's is counted once", async () => {
    await redis.hset(KEYS.event(delivery.event.id), "holder", "7", "accepted_at", delivery.acceptedAt + 1);
    await bury(LETTER);
    await bury(LETTER);

    expect((await statistics()).buried).toBe(1);
    expect(told).toHaveLength(1);
  });

  it("is told of though the answer to its first command was lost", async () => {
    const twice = new Proxy(redis, {
      get: (target, name) => {
        if (name !== "evalsha") return Reflect.get(target, name, target);
        return async (...given: Parameters<Redis["evalsha"]>) => {
          await target.evalsha(...given);
          return await target.evalsha(...given);
        };
      },
    });
    await bury(LETTER);
    const next = { ...LETTER, delivery: { ...delivery, round: 1 } };
    await bury(next, twice);

    expect(told).toHaveLength(2);
    expect((await statistics()).buried).toBe(2);
  });

  it.each<[string, () => string]>([
    ["the index of waiting ones", () => KEYS.waiting(endpointId)],
    ["its endpoint's totals", () => KEYS.statistics(endpointId)],
    ["its hour", () => KEYS.statisticsHour(endpointId, hourOf(nowText()))],
    ["its minute", () => KEYS.statisticsMinute(minuteOf(nowText()))],
    ["the facts for operators", () => KEYS.operatorEvents],
    ["the letters", () => KEYS.letters],
    ["its endpoint's letters", () => KEYS.lettersOf(endpointId)],
    ["the letters' summaries", () => KEYS.letterSummaries],
  ])("is counted and told of though something else lay under the key of %s", async (_what, key) => {
    await redis.set(key(), "not ours");
    const isHeard = () => true;
    const parts = { redis, keys: KEYS, retentionMs: 60_000, system, tell: () => undefined, isHeard };
    expect(await createBurial(parts)(delivery, summaryOf("dl_1", LETTER))).toBe("first");

    expect(await countsOfToday()).toMatchObject({ buried: 1, ofDay: { buried: 1 } });
    expect((await minutesOfNow()).buried).toBe(1);
    expect(await redis.hlen(KEYS.operatorEvents)).toBe(1);
    expect(await redis.hlen(KEYS.letterSummaries)).toBe(1);
  });

  it("of a job that was never a delivery is told of once", async () => {
    const buriedAt = "2026-01-31T12:00:00.000Z";
    const job = { kind: "job", jobId: "7", addedAt: 1, text: "no JSON", problem: "no JSON" } as const;
    await bury({ ...job, because: "invalid", buriedAt });
    await bury({ ...job, because: "invalid", buriedAt });

    expect(told).toMatchObject([{ kind: "job.buried" }]);
  });
});

const finished = (record: AttemptRecord, status: DeliveryState["status"]): FinishedAttempt => ({
  record: { ...record, startedAt: new Date(system.now()).toISOString() },
  recordText: JSON.stringify(record),
  acceptedAt: 1,
  state: { round: record.round, status, attempts: [], nextAttemptAt: null, because: null },
  excerpt: "",
});

describe("an attempt", () => {
  it("whose answer from Redis was lost is recorded and counted once", async () => {
    const { record } = createAttemptLog(losingAnswers(2), KEYS, 60_000, (happening) => told.push(happening));
    await record(finished(refused, "retrying"));
    await record(finished(delivered, "delivered"));

    const { delivered: all, lastDay } = await statistics();
    expect({ all, ...lastDay }).toMatchObject({ all: 1, attempts: 2, delivered: 1 });
    expect(await minutesOfNow(), "of the fleet, too").toMatchObject({ attempts: 2, delivered: 1 });
    expect(await redis.xlen(KEYS.attempts(endpointId))).toBe(2);
    expect(told).toMatchObject([{ kind: "service.failed" }, { kind: "service.failed" }]);
  });

  it.each<[string, () => string]>([
    ["its endpoint's attempts", () => KEYS.attempts(endpointId)],
    ["the index of waiting ones", () => KEYS.waiting(endpointId)],
    ["its endpoint's health", () => KEYS.health(endpointId)],
    ["its endpoint's totals", () => KEYS.statistics(endpointId)],
    ["its hour", () => KEYS.statisticsHour(endpointId, hourOf(nowText()))],
    ["its minute", () => KEYS.statisticsMinute(minuteOf(nowText()))],
  ])("is recorded and counted once though something else lay under the key of %s", async (_what, key) => {
    await redis.set(key(), "not ours");
    const { record } = createAttemptLog(redis, KEYS, 60_000, () => undefined);
    await record(finished(delivered, "delivered"));

    const { delivered: all, lastDay } = await statistics();
    expect({ all, ...lastDay }).toMatchObject({ all: 1, attempts: 1, delivered: 1 });
    expect(await minutesOfNow()).toMatchObject({ attempts: 1, delivered: 1 });
    expect(await redis.xlen(KEYS.attempts(endpointId))).toBe(1);
  });

  it("that delivers what had been delivered is another attempt of one delivery", async () => {
    const [one, other] = [1, 2].map(() => createAttemptLog(redis, KEYS, 60_000, () => undefined));
    await one?.record(finished(delivered, "delivered"));
    await other?.record(finished(delivered, "delivered"));

    const { delivered: all, lastDay } = await statistics();
    expect({ all, ...lastDay }).toMatchObject({ all: 1, attempts: 2, delivered: 1 });
  });

  it("of a later round delivers once more", async () => {
    const { record } = createAttemptLog(redis, KEYS, 60_000, () => undefined);
    await record(finished(delivered, "delivered"));
    await record(finished({ ...delivered, round: 1 }, "delivered"));

    expect((await statistics()).delivered).toBe(2);
  });
});
