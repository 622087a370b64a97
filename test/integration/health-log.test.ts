/** The health of endpoints as an installation in shards writes it at home, on a real Redis that loses answers or goes away. */
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { asEndpointId } from "../../src/core/brand.ts";
import type { Happening } from "../../src/core/happening.ts";
import { createHealthLog } from "../../src/store/health-log.ts";
import { createKeys } from "../../src/store/keys.ts";
import type { Tally } from "../../src/store/tallies.ts";
import { startRedis, type TestRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

const KEYS = createKeys("{hookwave}");
const CLIMB = { disableAfterMs: 60_000, onStep: () => undefined };
const endpointId = asEndpointId("ill");

let server: TestRedis;
let redis: Redis;
let told: Happening[];

beforeEach(async () => {
  server = await startRedis();
  redis = new Redis(server.url, { maxRetriesPerRequest: null });
  redis.on("error", () => undefined);
  told = [];
  await redis.hset(KEYS.endpoints, endpointId, '{"isActive":true}');
});
afterEach(async () => {
  redis.disconnect();
  await server[Symbol.asyncDispose]();
});

const failed = (id = endpointId): Tally => ({
  endpointId: id,
  hour: KEYS.statisticsHour(id, "2026-01-31T12"),
  incarnation: "",
  number: 1,
  attempts: new Map(),
  deliveredAt: null,
  failing: {
    since: "2026-01-31T12:00:00.000Z",
    count: 1,
    last: { outcome: "refused", status: 500, reason: null },
  },
});
const openLog = (connection: Redis) =>
  createHealthLog(connection, KEYS, CLIMB, (happening) => told.push(happening));

/** Each script is run, and the first answer gets lost. */
function losingOneAnswer(): Redis {
  let isLost = false;
  return new Proxy(redis, {
    get: (target, name) => {
      if (name !== "evalsha" && name !== "eval") return Reflect.get(target, name, target);
      return async (...given: Parameters<Redis["evalsha"]>) => {
        const answer = await Reflect.apply(Reflect.get(target, name), target, given);
        if (isLost) return answer;
        isLost = true;
        throw new Error("Connection is closed.");
      };
    },
  });
}

describe("failures of an endpoint", () => {
  it("are added once, also where the answer to the write was lost", async () => {
    const { note, idle } = openLog(losingOneAnswer());
    for (let n = 0; n < 2; n += 1) {
      note([failed()]);
      await idle();
    }
    expect(await redis.hget(KEYS.health(endpointId), "failures")).toBe("2");
    expect(told).toMatchObject([{ kind: "service.failed", doing: "record_health" }]);
  });

  it("are added once though something else lay under the key of another's health in the same write", async () => {
    const other = asEndpointId("other");
    await redis.hset(KEYS.endpoints, other, '{"isActive":true}');
    await redis.set(KEYS.health(other), "not ours");
    const { note, idle } = openLog(redis);
    note([failed(), failed(other)]);
    await idle();
    const counted = [endpointId, other].map((id) => redis.hget(KEYS.health(id), "failures"));
    expect(await Promise.all(counted)).toEqual(["1", "1"]);
  });

  it("that cannot be written before a worker ends are told of, in one line with their number", async () => {
    const { note, idle, giveUp } = openLog(redis);
    process.kill(server.pid, "SIGSTOP");
    try {
      note(Array.from({ length: 300 }, (_, n) => failed(asEndpointId(`ill_${n}`))));
      giveUp();
      redis.disconnect();
      await until("it is over", () => idle().then(() => true));
    } finally {
      process.kill(server.pid, "SIGCONT");
    }
    expect(told).toMatchObject([
      { kind: "service.failed", doing: "record_health", error: { message: expect.stringContaining("300") } },
    ]);
  });
});
