/**
 * The composition root: the only place that constructs and wires. Stages meet here and nowhere else; nobody
 * but index and process imports it. Embedded and standalone are the same code (decision 9).
 */

import { wireEventReads } from "./app/event-reads.ts";
import { createFleetState } from "./app/fleet-state.ts";
import { createGuard } from "./app/guarded.ts";
import { wireManagement } from "./app/management.ts";
import { wireMigration } from "./app/migration.ts";
import { countQueuesOf } from "./app/over-shards.ts";
import { placeIn } from "./app/place.ts";
import { openPublishing } from "./app/publishing.ts";
import { wireReadings } from "./app/readings.ts";
import { createService } from "./app/service.ts";
import type { OpenShard } from "./app/shards.ts";
import { type Config, configWith } from "./config/environment.ts";
import { system } from "./config/system.ts";
import type { CountRequest, OnErrand } from "./core/access.ts";
import type { Tell } from "./core/happening.ts";
import type { RedisState } from "./core/redis-replies.ts";
import { createAddressPolicy } from "./deliver/address-guard.ts";
import { openOutboundProxy } from "./deliver/outbound-proxy.ts";
import { createNameResolver } from "./deliver/resolver.ts";
import { waitAtMost } from "./deliver/wait-at-most.ts";
import { createEndpointManagement } from "./manage/endpoints.ts";
import type { Management } from "./manage/management.ts";
import { onErrand } from "./observe/errand.ts";
import { createMetrics, type Metrics } from "./observe/metrics.ts";
import { createTelemetry } from "./observe/telemetry.ts";
import type { Publisher } from "./publish/publisher.ts";
import { loadOrCreateKey } from "./store/key-file.ts";
import { createLayout } from "./store/layout.ts";
import { type Redis, type RedisTrouble, redisTrouble, untilReady } from "./store/redis.ts";
import type { RedisConnection } from "./store/redis-place.ts";
import { createAskState } from "./store/redis-state.ts";
import { createRequestCounter } from "./store/request-counts.ts";
import { VERSION } from "./wire/version.ts";

/** Any setting of the configuration, under its name there; the others keep their defaults. */
export interface OpenOptions extends Partial<Config> {
  /** Either this or `connection`. */
  readonly redisUrl?: string | null;
  /**
   * An ioredis instance, or the options for one, that leads to Redis. Connections of our own are made like it; the instance
   * itself is never used, changed or closed.
   */
  readonly connection?: RedisConnection | undefined;
  /** Hears everything that happens, as log and metrics do. */
  readonly listeners?: readonly Tell[];
  /**
   * Spans of publishes and attempts, in this process' own OpenTelemetry: false for none, true to insist. When absent,
   * there are some if its SDK has been started before. docs/observability.md
   */
  readonly traces?: boolean | undefined;
}

export interface Hookwave extends Publisher, Management {
  /** Waits for Redis, checks that it is safe, and begins to deliver unless the role is `api`. */
  readonly start: () => Promise<void>;
  /** Waits for the first connection; rejects with REDIS_UNAVAILABLE when it is refused or takes longer. */
  readonly untilConnected: (patienceMs: number) => Promise<void>;
  /** For whoever works without `start`; rejects with DATA_NEWER or SHARDS_MISMATCH. */
  readonly insistReadable: () => Promise<void>;
  readonly isRedisReachable: () => Promise<boolean>;
  /** Asked by a small write: does Redis take what a publish writes? Settles within a second. */
  readonly redisState: () => Promise<RedisState>;
  /** Redis' part in what was thrown; null when it has none. */
  readonly redisTrouble: (error: unknown) => Promise<RedisTrouble | null>;
  readonly isConsuming: () => boolean;
  readonly metrics: Pick<Metrics, "expose" | "contentType" | "observeRequest" | "countDroppedLines">;
  /** For the API's rate limits: counts in windows that the whole fleet shares. */
  readonly countRequest: CountRequest;
  /** For a program that passes on what others ask of it: log lines then have the request's id, the audit log who it was. */
  readonly onErrand: OnErrand;
}

/** Longer than the deadline of any publish: whoever waited for Redis has been refused by then. */
const LAST_ANSWERS_MS = 5_000;

/** For whoever has checked what it passes, or must go beyond its bounds, as tests do. */
export async function openHookwave(options: OpenOptions): Promise<Hookwave> {
  const { connection, traces, listeners = [], ...settings } = options;
  const config = configWith(settings);
  const redisPlace = placeIn({ ...settings, connection }, config);
  const names = createNameResolver({ servers: config.dnsServers, now: system.monotonicMs });
  const policy = createAddressPolicy(config);
  const proxy = openOutboundProxy(config, names.lookup, system.monotonicMs);
  const key = config.encryptionKey ?? (await loadOrCreateKey(config.dataDir)).key;
  const metrics = createMetrics({
    endpointLabels: config.metricsEndpointLabels,
    version: VERSION,
    readings: () => readings,
    monotonicMs: system.monotonicMs,
    tell: (happening) => tell(happening),
  });
  const tell: Tell = createTelemetry([metrics.tell, ...listeners]);
  const publishing = openPublishing({ ...config, redisPlace, traces }, tell);
  const { publisher, redis, home, shards, disconnect } = publishing;
  const { keys } = home;
  const queueCounts = countQueuesOf(publishing);
  const fleet = createFleetState({ config, redisPlace, redis, keys, home, shards, tell }, key);
  const reads = wireEventReads(shards, config.eventRetentionMs);
  const base = { ...fleet, ...publishing, policy, lookup: names.lookup, proxy };
  const migrating = wireMigration(base);
  const endpointManagement = createEndpointManagement({
    ...base,
    readAttempts: reads.readAttempts,
    readStatistics: reads.readStatistics,
    system,
  });
  const service = createService(base, endpointManagement);
  const readings = wireReadings(base, {
    queues: queueCounts,
    missing: migrating.readMissing,
    worker: service.worker,
  });
  const asked = { reads, endpointManagement, queueCounts, migrationManagement: migrating.management };
  const { start, stop, abandonTests, ...management } = wireManagement({ ...base, ...asked });

  const guard = createGuard(publishing);
  return {
    ...guard.publisher(publisher),
    ...guard.management(management),
    start: guard.starting(() => service.start().then(start)),
    ...redisQuestions(home, config.shards),
    isConsuming: service.isConsuming,
    metrics,
    countRequest: createRequestCounter(redis, keys),
    onErrand,
    close: async () => {
      await waitAtMost(LAST_ANSWERS_MS, Promise.all([publisher.close(), abandonTests()]));
      await Promise.all([waitAtMost(LAST_ANSWERS_MS, stop()), service.stop()]);
      names.close();
      disconnect();
    },
  };
}

type RedisQuestions = Pick<
  Hookwave,
  "untilConnected" | "insistReadable" | "isRedisReachable" | "redisState" | "redisTrouble"
>;

/** Of home: a shard that is away keeps the others from nothing. */
const redisQuestions = ({ redis, keys }: OpenShard, shards: number): RedisQuestions => ({
  untilConnected: (patienceMs) => untilReady(redis, patienceMs),
  insistReadable: () => createLayout(redis, keys, shards).check(VERSION),
  isRedisReachable: () => answers(redis),
  redisState: createAskState(redis, keys),
  redisTrouble: async (error) => redisTrouble(error) ?? ((await answers(redis)) ? null : "unanswered"),
});

const answers = (redis: Redis): Promise<boolean> =>
  redis.ping().then(
    () => true,
    () => false,
  );
