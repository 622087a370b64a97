/** A scrape with ten thousand failing endpoints: as many series, and as much asked of Redis, as with two hundred. */
import { randomBytes } from "node:crypto";
import { expect, it } from "vitest";
import { createFleetState } from "../../src/app/fleet-state.ts";
import { wireReadings } from "../../src/app/readings.ts";
import { configWith } from "../../src/config/environment.ts";
import { system } from "../../src/config/system.ts";
import { asEndpointId } from "../../src/core/brand.ts";
import { shardsOf } from "../../src/core/shards.ts";
import { createMetrics } from "../../src/observe/metrics.ts";
import { countQueues } from "../../src/queue/queue-counts.ts";
import { openQueues } from "../../src/queue/queues.ts";
import { createKeys } from "../../src/store/keys.ts";
import { createParkedRounds } from "../../src/store/parked-rounds.ts";
import { connectRedis } from "../../src/store/redis.ts";
import { placeAt } from "../../src/store/redis-place.ts";
import { parseInfo } from "../../src/store/redis-safety.ts";
import { startRedis } from "../support/service.ts";
import { ONE_OF_EACH } from "../unit/observe/happenings.ts";

const config = configWith({});
const MANY = 10_000;

it("has as many series and asks as much of Redis, however many endpoints fail and wait", async () => {
  await using server = await startRedis();
  const redis = connectRedis(server.url, "watcher", () => undefined);
  const queues = openQueues(redis, config.prefix, () => undefined);
  const keys = createKeys(config.prefix);
  const redisPlace = placeAt(server.url, config);
  const home = { place: redisPlace, prefix: config.prefix, redis, keys, queues };
  const alone = { home, shards: shardsOf([home], () => 0) };
  const fleet = createFleetState(
    { config, redisPlace, redis, keys, ...alone, tell: () => undefined },
    randomBytes(32),
  );
  const parked = createParkedRounds(redis, keys);
  const readings = wireReadings(fleet, {
    queues: () => countQueues(queues, redis, parked, system.now()),
    missing: () => Promise.resolve(0),
    worker: () => null,
  });
  const told: string[] = [];
  const metrics = createMetrics({
    endpointLabels: config.metricsEndpointLabels,
    version: "1.0.0",
    readings: () => readings,
    monotonicMs: system.monotonicMs,
    tell: ({ kind }) => told.push(kind),
  });
  const fail = async (n: number): Promise<void> => {
    const endpointId = asEndpointId(`ep_${n}`);
    await redis.zadd(keys.waiting(endpointId), 1, `evt_${n}.ep_${n}`);
    const { record, ...attempt } = ONE_OF_EACH["attempt.finished"];
    const refused = { outcome: "refused", status: 503, verdict: "retry" } as const;
    metrics.tell({ ...attempt, record: { ...record, ...refused, endpointId } });
    metrics.tell({ ...ONE_OF_EACH["breaker.changed"], endpointId, state: "open" });
    metrics.tell({ ...ONE_OF_EACH["delivery.held"], endpointId });
  };
  const commands = async (): Promise<number> =>
    Number(parseInfo(await redis.info("stats")).get("total_commands_processed"));
  const scrape = async () => {
    const before = await commands();
    const text = await metrics.expose();
    const series = [...text.matchAll(/^hookwave_/gm)].length;
    return {
      series,
      waiting: text.split("hookwave_deliveries_waiting{").length - 1,
      commands: (await commands()) - before,
    };
  };
  await metrics.expose();

  for (let n = 0; n < config.metricsEndpointLabels; n += 1) await fail(n);
  const few = await scrape();
  await Promise.all(Array.from({ length: MANY }, (_, n) => fail(n)));
  const many = await scrape();
  await queues.close();
  redis.disconnect();

  expect(told).toEqual([]);
  expect(few.waiting).toBeGreaterThanOrEqual(config.metricsEndpointLabels);
  expect({ ...many, commands: 0 }).toEqual({ ...few, commands: 0 });
  // A first call brings a script's text.
  expect(many.commands).toBeLessThan(few.commands + 10);
});
