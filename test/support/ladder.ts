/** An endpoint's ladder on a real Redis, climbed by the logs of a whole fleet, with pauses that nobody has to wait for. */
import { Redis } from "ioredis";
import { system } from "../../src/config/system.ts";
import type { AttemptRecord } from "../../src/core/attempt.ts";
import { asEndpointId } from "../../src/core/brand.ts";
import type { Happening } from "../../src/core/happening.ts";
import { createAttemptLog } from "../../src/store/attempt-log.ts";
import { createKeys } from "../../src/store/keys.ts";
import type { Step } from "../../src/store/ladder.ts";
import { delivered, endpointId, refused } from "../unit/observe/happenings.ts";
import { startRedis, type TestHookwave, type TestRedis } from "./service.ts";
import { until } from "./until.ts";

export const KEYS = createKeys("{hookwave}");
export const DISABLE_AFTER_MS = 5 * 24 * 60 * 60 * 1_000;
export const HEALTH = KEYS.health(endpointId);
const RECORD = { v: 1, incarnation: "one", id: endpointId, isActive: true };

export interface Fleet extends AsyncDisposable {
  readonly redis: Redis;
  /** Steps as the workers were told them, `failing 25` or `recovered`. */
  readonly steps: readonly string[];
  readonly happenings: readonly Happening[];
  readonly fail: (worker: number, record?: Partial<AttemptRecord>) => Promise<void>;
  readonly succeed: (worker: number) => Promise<void>;
  /** Makes the last failure so much older. */
  readonly pass: (ms: number) => Promise<unknown>;
  readonly health: () => Promise<Readonly<Record<string, string>>>;
  /** What is to be published, without its ids. */
  readonly facts: () => Promise<readonly Readonly<Record<string, unknown>>[]>;
  readonly setActive: (isActive: boolean) => Promise<unknown>;
}

const spell = (step: Step): string => (step.kind === "failing" ? `failing ${step.percent}` : step.kind);

/** `connect` may stand between a worker and its Redis. */
export async function startFleet(
  workers: number,
  connect: (redis: Redis) => Redis = (redis) => redis,
  disableAfterMs = DISABLE_AFTER_MS,
): Promise<Fleet> {
  const server = await startRedis();
  const open = () => new Redis(server.url, { maxRetriesPerRequest: null });
  const redis = open();
  const connections = Array.from({ length: workers }, open);
  const steps: string[] = [];
  const happenings: Happening[] = [];
  const logs = connections.map((one) =>
    createAttemptLog(connect(one), KEYS, 60_000, (happening) => happenings.push(happening), {
      disableAfterMs,
      onStep: (step) => steps.push(spell(step)),
    }),
  );
  let attempts = 0;
  const record = async (worker: number, record: AttemptRecord): Promise<void> => {
    attempts += 1;
    const status = record.outcome === "delivered" ? "delivered" : "retrying";
    await logs[worker % workers]?.record({
      record: { ...record, startedAt: new Date(system.now()).toISOString() },
      recordText: JSON.stringify(record),
      acceptedAt: 1,
      state: {
        round: attempts,
        status,
        attempts: [],
        nextAttemptAt: null,
        because: null,
        incarnation: "one",
      },
      excerpt: "",
    });
  };
  const setActive = (isActive: boolean) =>
    redis.hset(KEYS.endpoints, endpointId, JSON.stringify({ ...RECORD, isActive }));
  await setActive(true);
  return {
    redis,
    steps,
    happenings,
    fail: (worker, more = {}) => record(worker, { ...refused, ...more }),
    succeed: (worker) => record(worker, delivered),
    pass: (ms) => redis.hincrby(HEALTH, "failed_at", -Math.round(ms)),
    health: () => redis.hgetall(HEALTH),
    facts: async () =>
      Object.values(await redis.hgetall(KEYS.operatorEvents)).map((text) => JSON.parse(text)),
    setActive,
    [Symbol.asyncDispose]: async () => {
      for (const one of [redis, ...connections]) one.disconnect();
      await server[Symbol.asyncDispose]();
    },
  };
}

export const EVENT = { type: "thing.made", data: {} } as const;

export async function looking<Seen>(redis: TestRedis, look: (raw: Redis) => Promise<Seen>): Promise<Seen> {
  const raw = new Redis(redis.url, { maxRetriesPerRequest: null });
  try {
    return await look(raw);
  } finally {
    raw.disconnect();
  }
}

/** One failure of an endpoint that fails, and a quarter of DISABLE_AFTER after it. */
export async function failForAQuarter(hookwave: TestHookwave, redis: TestRedis, id: string): Promise<void> {
  const health = KEYS.health(asEndpointId(id));
  await looking(redis, async (raw) => {
    const before = await raw.hget(health, "failures");
    await hookwave.publish(EVENT);
    await until("its failure is recorded", async () => (await raw.hget(health, "failures")) !== before);
    await raw.hincrby(health, "failed_at", -DISABLE_AFTER_MS / 4);
  });
}
