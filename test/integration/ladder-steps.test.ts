/** The ladder's steps on a real Redis: each is taken, and told, once for a fleet. */
import fc from "fast-check";
import type { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { system } from "../../src/config/system.ts";
import { summaryOf } from "../../src/core/letter.ts";
import { createBurial } from "../../src/store/burial.ts";
import { DISABLE_AFTER_MS, type Fleet, KEYS, startFleet } from "../support/ladder.ts";
import { aLetter } from "../support/letters.ts";

const WORKERS = 3;
const QUARTER_MS = DISABLE_AFTER_MS / 4;

const kindsOf = async (fleet: Fleet): Promise<readonly string[]> =>
  (await fleet.facts()).map(({ type, level = "" }) => `${type} ${level}`.trim()).toSorted();

/** One failure after each pause; the first one has none before it. */
async function failAfter(fleet: Fleet, ...pausesMs: readonly number[]): Promise<void> {
  for (const [at, ms] of pausesMs.entries()) {
    await fleet.pass(ms);
    await fleet.fail(at);
  }
}

describe("an endpoint that fails without one success", () => {
  it("is told to be failing at a quarter, a half and three quarters, then due to be disabled, and stays due", async () => {
    await using fleet = await startFleet(WORKERS);
    await fleet.fail(0);
    await failAfter(fleet, ...Array.from({ length: 11 }, () => DISABLE_AFTER_MS / 10));
    expect(fleet.steps).toEqual(["failing 25", "failing 50", "failing 75", "due", "due"]);
    expect(await kindsOf(fleet)).toEqual([
      "endpoint.failing 25",
      "endpoint.failing 50",
      "endpoint.failing 75",
    ]);
  });

  it("is told with what an owner needs to know", async () => {
    await using fleet = await startFleet(1);
    await fleet.fail(0);
    await failAfter(fleet, QUARTER_MS);
    const { failing_since: since } = await fleet.health();
    expect(await fleet.facts()).toEqual([
      {
        type: "endpoint.failing",
        endpointId: "ep_1",
        incarnation: "one",
        at: expect.any(Number),
        since,
        level: 25,
        failures: 2,
        leftMs: 3 * QUARTER_MS,
        outcome: "refused",
        status: 503,
        reason: null,
      },
    ]);
  });

  it("climbs one step at most for a pause, however long: a quiet endpoint, an outage of ours, a clock that jumps", async () => {
    await using fleet = await startFleet(1);
    await fleet.fail(0);
    await failAfter(fleet, 100 * DISABLE_AFTER_MS);
    expect(fleet.steps).toEqual(["failing 25"]);
    await failAfter(fleet, 0, 100 * DISABLE_AFTER_MS);
    expect(fleet.steps).toEqual(["failing 25", "failing 50"]);
  });

  it("loses nothing to a clock that goes back, and goes on from there", async () => {
    await using fleet = await startFleet(1);
    await fleet.fail(0);
    await failAfter(fleet, QUARTER_MS, -100 * DISABLE_AFTER_MS, QUARTER_MS);
    expect(fleet.steps).toEqual(["failing 25", "failing 50"]);
  });

  it("is told anew after a success, which begins all over", async () => {
    await using fleet = await startFleet(WORKERS);
    await fleet.fail(0);
    await failAfter(fleet, QUARTER_MS, QUARTER_MS);
    await fleet.succeed(2);
    await fleet.succeed(1);
    await fleet.fail(0);
    await failAfter(fleet, QUARTER_MS - 60_000);
    expect(fleet.steps).toEqual(["failing 25", "failing 50", "recovered"]);
    await failAfter(fleet, 60_000);
    expect(fleet.steps).toEqual(["failing 25", "failing 50", "recovered", "failing 25"]);
  });

  it("begins all over after a success that was recorded together with a later failure", async () => {
    await using fleet = await startFleet(1);
    await fleet.fail(0);
    const { failing_since: before } = await fleet.health();
    await failAfter(fleet, QUARTER_MS);
    // The first is written at once, the others as one group.
    await Promise.all([fleet.fail(0), fleet.fail(0), fleet.succeed(0), fleet.fail(0)]);
    expect(fleet.steps).toEqual(["failing 25", "recovered"]);
    const { failing_since: since = "", ...health } = await fleet.health();
    expect(since > String(before)).toBe(true);
    expect(health).toMatchObject({ failures: "1", failed_ms: "0", step: "0" });
  });

  it("is told nothing before its first quarter, nor that it recovered", async () => {
    await using fleet = await startFleet(1);
    await fleet.fail(0);
    await failAfter(fleet, QUARTER_MS - 60_000);
    await fleet.succeed(0);
    expect(fleet.steps).toEqual([]);
    expect(await fleet.facts()).toEqual([]);
  });

  it("climbs nothing while we refuse its destination ourselves, nor once it is disabled", async () => {
    await using fleet = await startFleet(1);
    await fleet.fail(0);
    const blocked = { outcome: "blocked", status: null, reason: "blocked_destination" } as const;
    await fleet.pass(QUARTER_MS);
    await fleet.fail(0, blocked);
    await fleet.setActive(false);
    await fleet.fail(0);
    expect(fleet.steps).toEqual([]);
    await fleet.setActive(true);
    await fleet.fail(0);
    expect(fleet.steps).toEqual(["failing 25"]);
  });

  it("is never disabled where DISABLE_AFTER is 0", async () => {
    await using fleet = await startFleet(1, undefined, 0);
    await fleet.fail(0);
    await failAfter(fleet, QUARTER_MS, QUARTER_MS, QUARTER_MS, QUARTER_MS);
    expect(fleet.steps).toEqual([]);
    expect(await fleet.health()).toMatchObject({ failing_since: expect.any(String) });
  });

  it("begins with what a version before this one has noted, and without its time", async () => {
    await using fleet = await startFleet(1);
    await fleet.redis.hset("{hookwave}:health:ep_1", "failing_since", "2020-01-01T00:00:00.000Z");
    await fleet.fail(0);
    await failAfter(fleet, QUARTER_MS);
    expect(await fleet.facts()).toMatchObject([{ level: 25, since: "2020-01-01T00:00:00.000Z" }]);
  });
});

interface Move {
  readonly kind: "fail" | "succeed";
  readonly pause: number;
}

/** The steps that are told, by the rule alone. */
function expectedOf(moves: readonly Move[]): readonly string[] {
  return splitAfterSuccess(moves).flatMap(({ pauses, succeeds }) => {
    // The first failure has no pause before it that counts.
    const percent = pauses.slice(1).map((pause) => Math.min(pause, 25));
    const total = percent.reduce((sum, one) => sum + one, 0);
    const told = [25, 50, 75].filter((level) => level <= total).map((level) => `failing ${level}`);
    return succeeds && told.length > 0 ? [...told, "recovered"] : told;
  });
}

function splitAfterSuccess(moves: readonly Move[]) {
  const spells: { pauses: number[]; succeeds: boolean }[] = [{ pauses: [], succeeds: false }];
  for (const { kind, pause } of moves) {
    const spell = spells.at(-1);
    if (kind === "fail") spell?.pauses.push(pause);
    else if (spell !== undefined) {
      spell.succeeds = true;
      spells.push({ pauses: [], succeeds: false });
    }
  }
  return spells;
}

describe("a fleet", () => {
  /** Per cent of the whole; a pause of 30 counts as 25. */
  const pause = fc.constantFrom(0, 6, 30);
  const move = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constant("fail" as const),
        pause,
        burst: fc.integer({ min: 1, max: 6 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("succeed" as const),
        pause,
        burst: fc.integer({ min: 1, max: 3 }),
      }),
    },
  );

  it("tells each step once, whoever of it fails at the same time", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(move, { minLength: 5, maxLength: 25 }), async (moves) => {
        await using fleet = await startFleet(WORKERS);
        for (const { kind, pause, burst } of moves) {
          if ("failed_at" in (await fleet.health())) await fleet.pass((pause / 100) * DISABLE_AFTER_MS);
          await Promise.all(Array.from({ length: burst }, (_, at) => fleet[kind](at)));
        }
        const expected = expectedOf(moves);
        expect(fleet.steps.filter((one) => one !== "due")).toEqual(expected);
        expect(await fleet.facts()).toHaveLength(expected.length);
      }),
      { numRuns: 25 },
    );
  });

  it("tells a step once though the answers to the worker that took it were lost", async () => {
    let left = 3;
    const losingAnswers = (redis: Redis): Redis =>
      new Proxy(redis, {
        get: (target, name) => {
          if (name !== "evalsha") return Reflect.get(target, name, target);
          return async (...given: Parameters<Redis["evalsha"]>) => {
            const answer = await target.evalsha(...given);
            left -= 1;
            if (left >= 0) throw new Error("Connection is closed.");
            return answer;
          };
        },
      });
    await using fleet = await startFleet(1, losingAnswers);
    await fleet.fail(0);
    left = 2;
    await failAfter(fleet, QUARTER_MS, 0);
    expect(await kindsOf(fleet)).toEqual(["endpoint.failing 25"]);
  });
});

describe("a dead letter", () => {
  it("is a fact for operators while somebody listens, once though its burial is run again, and else none", async () => {
    await using fleet = await startFleet(1);
    const { redis } = fleet;
    const letter = aLetter({ eventId: "evt_1", endpoint: "ep_1" });
    const summary = summaryOf("dl_1", letter);
    let isHeard = false;
    const parts = { redis, keys: KEYS, retentionMs: 60_000, system, tell: () => undefined };
    const bury = createBurial({ ...parts, isHeard: () => isHeard });
    await bury(letter.delivery, summary);
    expect(await fleet.facts()).toEqual([]);

    isHeard = true;
    const again = { ...letter.delivery, round: 1 };
    await bury(again, { ...summary, id: "dl_2" });
    await redis.del(KEYS.operatorEvents);
    await bury(again, { ...summary, id: "dl_2" });
    expect(await fleet.facts()).toEqual([]);
    await bury({ ...again, round: 2 }, { ...summary, id: "dl_3" });
    expect(await fleet.facts()).toMatchObject([{ type: "delivery.dead_lettered", letterId: "dl_3" }]);
  });
});
