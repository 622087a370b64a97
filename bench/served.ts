/**
 * Modes `http` and `steady`: `hookwave start` as it is installed, with everything on. How much CPU one event costs that
 * comes in a request of its own, stored only or delivered as well; and one of a hundred a second, most of which is
 * waking up.
 */
import autocannon from "autocannon";
import { connectRedis } from "../src/store/redis.ts";
import { emptyRedis } from "./empty-redis.ts";
import { publishSteadily, untilCount } from "./latency.ts";
import type { Receiver } from "./receivers.ts";
import { type ServedApi, startServer } from "./served-api.ts";
import { cpuUsOf } from "./stopwatch.ts";
import { DATA, EVENT_TYPE, type Ground, IN_FLIGHT } from "./workload.ts";

export interface ServedPlan {
  /** Of requests as fast as they are answered: for warming up, and measured. */
  readonly seconds: readonly [warmUp: number, measured: number];
  /** Of events at a steady rate, likewise. */
  readonly steadyEvents: readonly [warmUp: number, measured: number];
}

export interface Cost {
  readonly perSecond: number;
  /** CPU of the service, and of Redis, for each event. */
  readonly cpuUsEach: number;
  readonly redisCpuUsEach: number;
}

export interface ServedCosts {
  /** Stored: a process that does nothing else. */
  readonly ingest: Cost;
  /** Stored and delivered by one process, until the last one has arrived. */
  readonly endToEnd: Cost;
  /** Published by SDK in another process. */
  readonly steady: Cost;
}

const STEADY_PER_SECOND = 100;
const KEY = "bench".repeat(8);

export async function measureServed(
  { seconds, steadyEvents }: ServedPlan,
  ground: Ground,
  sink: Receiver,
): Promise<ServedCosts> {
  const post = async (api: ServedApi, duration: number): Promise<number> => {
    const { non2xx, ...result } = await autocannon({
      url: `${api.url}/api/v1/events`,
      method: "POST",
      headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
      body: JSON.stringify({ type: EVENT_TYPE, data: DATA }),
      connections: IN_FLIGHT,
      duration,
    });
    if (non2xx > 0) throw new Error(`expected 202 to all, got ${non2xx} others`);
    return result["2xx"];
  };
  const publish = async (_: ServedApi, events: number): Promise<number> => {
    await publishSteadily(ground.redisUrl, events, STEADY_PER_SECOND);
    return events;
  };
  /** The same work, to its end: the receiver has got all of it. */
  const delivered =
    (work: Work): Work =>
    async (api, amount) => {
      const before = await sink.posts();
      const events = await work(api, amount);
      await untilCount(sink.posts, before + events);
      return events;
    };
  const cost = async (role: "api" | "all", work: Work, [warmUp, amount]: readonly [number, number]) =>
    await served(role, ground, sink, async (api) => {
      await work(api, warmUp);
      return await costOf(() => work(api, amount), api, ground);
    });
  return {
    ingest: await cost("api", post, seconds),
    endToEnd: await cost("all", delivered(post), seconds),
    steady: await cost("all", delivered(publish), steadyEvents),
  };
}

/** Resolves with the number of events it was; `amount` is of seconds or of events. */
type Work = (api: ServedApi, amount: number) => Promise<number>;

async function served(
  role: "api" | "all",
  { redisUrl, dataDir }: Ground,
  sink: Receiver,
  measure: (api: ServedApi) => Promise<Cost>,
): Promise<Cost> {
  await emptyRedis(redisUrl);
  const api = await startServer({
    HOOKWAVE_ROLE: role,
    HOOKWAVE_DATA_DIR: dataDir,
    HOOKWAVE_API_KEY: KEY,
    REDIS_URL: redisUrl,
    WEBHOOK_URL: sink.url,
    WEBHOOK_SECRET: "a benchmark keeps no secrets",
    MAX_IN_FLIGHT: String(IN_FLIGHT),
    ALLOW_HTTP: "true",
    ALLOW_PRIVATE_NETWORKS: "127.0.0.0/8",
    API_RATE_LIMIT: "100000000",
  });
  try {
    return await measure(api);
  } finally {
    await api.stop();
  }
}

async function costOf(work: () => Promise<number>, api: ServedApi, { redisUrl }: Ground): Promise<Cost> {
  const redis = connectRedis(redisUrl, "watcher", () => undefined);
  const read = () => Promise.all([api.cpuUs(), cpuUsOf(redis)]);
  const begin = await read();
  const startedAt = performance.now();
  const events = await work();
  const tookMs = performance.now() - startedAt;
  const end = await read();
  redis.disconnect();
  return {
    perSecond: (1_000 * events) / tookMs,
    cpuUsEach: (end[0] - begin[0]) / events,
    redisCpuUsEach: (end[1] - begin[1]) / events,
  };
}
