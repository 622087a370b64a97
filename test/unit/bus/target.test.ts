/** The bus as the settings name it; only the types that are named ever reach it. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createPutOnBus } from "../../../src/bus/put-on-bus.ts";
import { busTarget, startOf } from "../../../src/bus/target.ts";
import { subscriptionCovers } from "../../../src/core/event.ts";
import { UNTOUCHED } from "../../../src/core/migration.ts";
import { casesOf } from "../../support/depth.ts";
import { keptAt } from "./memory-shelf.ts";

const target = (
  legacyRedisEvents: readonly string[],
  list: string | null = null,
  channel: string | null = null,
) =>
  busTarget({
    legacyRedisList: list,
    legacyRedisChannel: channel,
    legacyRedisEnvelope: "none",
    legacyRedisEvents,
    legacyRedisListMax: 10,
  });
const word = fc.stringMatching(/^[a-z]{1,4}$/);
const type = fc.array(word, { minLength: 2, maxLength: 3 }).map((words) => words.join("."));

describe("the bus", () => {
  it("is handed no event of a type that is not named, by a publisher in phase redis", async () => {
    const named = fc.array(
      fc.oneof(
        type,
        word.map((one) => `${one}.*`),
      ),
      { minLength: 1, maxLength: 3 },
    );
    await fc.assert(
      fc.asyncProperty(named, fc.array(type, { maxLength: 8 }), async (patterns, types) => {
        const handed: string[] = [];
        const putOnBus = createPutOnBus({
          currentSwitch: () => ({ ...UNTOUCHED, phase: "redis" }),
          target: target(patterns),
          writer: {
            write: async (events) => {
              handed.push(...events.map((event) => event.type));
              return new Set(events.map(({ id }) => id));
            },
            isWell: () => true,
            trouble: () => "",
          },
          now: () => 0,
        });
        await putOnBus(types.map((one, at) => keptAt(`evt_${at}`, 0, one).event));
        const covered = types.filter((one) => patterns.some((pattern) => subscriptionCovers(pattern, one)));
        expect(handed).toEqual(covered);
      }),
      { numRuns: casesOf(500) },
    );
  });

  it("has one entry of an id that comes twice in one call", async () => {
    const handed: number[] = [];
    const putOnBus = createPutOnBus({
      currentSwitch: () => ({ ...UNTOUCHED, phase: "redis" }),
      target: target(["*"]),
      writer: {
        write: async (events) => {
          handed.push(events.length);
          return new Set(events.map(({ id }) => id));
        },
        isWell: () => true,
        trouble: () => "",
      },
      now: () => 0,
    });
    await putOnBus([keptAt("evt_1").event, keptAt("evt_1").event]);
    expect(handed).toEqual([1]);
  });

  it("is called as the service that is replaced calls it, unless one of the names is given", () => {
    const [usual, listed, spoken] = [target(["*"]), target(["*"], "q:{type}"), target(["*"], null, "c")];
    expect([usual.listOf("a.b"), usual.channelOf("a.b")]).toEqual([
      "hokusai:model_ready_queue",
      "hokusai:model_ready_queue:pubsub",
    ]);
    expect([listed.listOf("a.b"), listed.channelOf("a.b")]).toEqual(["q:a.b", null]);
    expect([spoken.listOf("a.b"), spoken.channelOf("a.b")]).toEqual([null, "c"]);
  });
});

describe("the environment's start", () => {
  it.each([
    [null, null],
    [false, "webhook"],
    [true, "primary"],
  ])("with ENABLE_REDIS_FALLBACK %s is %s", (enableRedisFallback, phase) => {
    const start = startOf({
      enableRedisFallback,
      redisFallbackMode: "primary",
      redisFallbackShares: { "*": 5 },
    });
    expect(start).toEqual(phase === null ? null : { phase, shares: { "*": 5 } });
  });
});
