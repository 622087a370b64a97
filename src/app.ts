/**
 * The composition root: the only place that constructs and wires. Stages meet here and nowhere else; nobody
 * but index and process imports it. Embedded and standalone are the same code (decision 9).
 */

import { createFleetState } from "./app/fleet-state.ts";
import { wireManagement } from "./app/management.ts";
import { wireMigration } from "./app/migration.ts";
import { openPublishing } from "./app/publishing.ts";
import { wireReadings } from "./app/readings.ts";
import { createService } from "./app/service.ts";
import { type Config, configWith } from "./config/environment.ts";
import { system } from "./config/system.ts";
import type { CountRequest } from "./core/access.ts";
import type { Tell } from "./core/happening.ts";
import type { QueueCounts } from "./core/queue-counts.ts";
import { createAddressPolicy } from "./deliver/address-guard.ts";
import { waitAtMost } from "./deliver/wait-at-most.ts";
import { createEndpointManagement } from "./manage/endpoints.ts";
import type { Management } from "./manage/management.ts";
import { createMetrics, type Metrics } from "./observe/metrics.ts";
import { createTelemetry } from "./observe/telemetry.ts";
import type { Publisher } from "./publish/publisher.ts";
import { countQueues } from "./queue/queue-counts.ts";
import { createAttemptHistory } from "./store/attempt-history.ts";
import { loadOrCreateKey } from "./store/key-file.ts";
import { createKeys } from "./store/keys.ts";
import { createParkedRounds } from "./store/parked-rounds.ts";
import { type Redis, type RedisTrouble, redisTrouble, untilReady } from "./store/redis.ts";
import { createRequestCounter } from "./store/request-counts.ts";
import { createStatistics } from "./store/statistics.ts";
import { VERSION } from "./wire/version.ts";

/** Any setting of the configuration, under its name there; the others keep their defaults. */
export interface HookwaveOptions extends Partial<Config> {
  readonly redisUrl: string;
  /** Hears everything that happens, as log and metrics do. */
  readonly listeners?: readonly Tell[];
}

export interface Hookwave extends Publisher, Management {
  /** Waits for Redis, checks that it is safe, and begins to deliver unless the role is `api`. */
  readonly start: () => Promise<void>;
  /** Waits for the first connection; rejects with REDIS_UNAVAILABLE when it is refused or takes longer. */
  readonly untilConnected: (patienceMs: number) => Promise<void>;
  readonly isRedisReachable: () => Promise<boolean>;
  /** Redis' part in what was thrown; null when it has none. */
  readonly redisTrouble: (error: unknown) => Promise<RedisTrouble | null>;
  readonly isConsuming: () => boolean;
  readonly metrics: Pick<Metrics, "expose" | "contentType" | "observeRequest">;
  /** For the API's rate limits: counts in windows that the whole fleet shares. */
  readonly countRequest: CountRequest;
}

/** Longer than the deadline of any publish: whoever waited for Redis has been refused by then. */
const LAST_ANSWERS_MS = 5_000;

/** The whole service, embeddable. It delivers from `start` on; publishing works before that, too. */
export async function createHookwave(options: HookwaveOptions): Promise<Hookwave> {
  const { redisUrl, listeners = [] } = options;
  const config = configWith(options);
  const key = config.encryptionKey ?? (await loadOrCreateKey(config.dataDir)).key;
  const metrics = createMetrics({
    endpointLabels: config.metricsEndpointLabels,
    version: VERSION,
    readings: () => readings,
    monotonicMs: system.monotonicMs,
    tell: (happening) => tell(happening),
  });
  const tell: Tell = createTelemetry([metrics.tell, ...listeners]);
  const publishing = openPublishing({ ...config, redisUrl }, tell);
  const { publisher, redis, queues, disconnect } = publishing;
  const queueCounts = (): Promise<QueueCounts> => countQueues(queues, redis, parked, system.now());
  const keys = createKeys(config.prefix);
  const parked = createParkedRounds(redis, keys);
  const fleet = createFleetState({ config, redis, keys, tell }, key);
  const base = { ...fleet, ...publishing, policy: createAddressPolicy(config) };
  const migrating = wireMigration(base);
  const endpointManagement = createEndpointManagement({
    ...base,
    readAttempts: createAttemptHistory(redis, keys),
    readStatistics: createStatistics(redis, keys, system.now).read,
    system,
  });
  const service = createService({ ...base, redisUrl }, endpointManagement);
  const readings = wireReadings(base, {
    queues: queueCounts,
    missing: migrating.readMissing,
    worker: service.worker,
  });
  const { start, stop, abandonTests, ...management } = wireManagement({
    ...base,
    endpointManagement,
    queueCounts,
    migrationManagement: migrating.management,
  });

  return {
    ...publisher,
    ...management,
    start: () => service.start().then(start),
    untilConnected: (patienceMs) => untilReady(redis, patienceMs),
    isRedisReachable: () => answers(redis),
    redisTrouble: async (error) => redisTrouble(error) ?? ((await answers(redis)) ? null : "unanswered"),
    isConsuming: service.isConsuming,
    metrics,
    countRequest: createRequestCounter(redis, keys),
    close: async () => {
      await waitAtMost(LAST_ANSWERS_MS, Promise.all([publisher.close(), abandonTests()]));
      await Promise.all([waitAtMost(LAST_ANSWERS_MS, stop()), service.stop()]);
      disconnect();
    },
  };
}

const answers = (redis: Redis): Promise<boolean> =>
  redis.ping().then(
    () => true,
    () => false,
  );
