/**
 * The composition root: the only place that constructs and wires. Stages meet here and nowhere else; nobody
 * but main, index and cli imports it. Embedded and standalone are the same code (design, decision 9).
 */
import { createEndpointDesk, type EndpointDesk } from "./app/endpoint-desk.ts";
import { createKeyDesk, type KeyDesk } from "./app/key-desk.ts";
import { createLetterDesk, type ReplayDesk } from "./app/letter-desk.ts";
import { openPublishing } from "./app/publishing.ts";
import { createService } from "./app/service.ts";
import { type Config, configWith } from "./config/environment.ts";
import { system } from "./config/system.ts";
import type { EndpointId } from "./core/brand.ts";
import type { Durability } from "./core/durability.ts";
import type { Endpoint } from "./core/endpoint.ts";
import type { BreakerState, Tell } from "./core/happening.ts";
import { createAddressPolicy } from "./deliver/address-guard.ts";
import { createMetrics } from "./observe/metrics.ts";
import { createTelemetry } from "./observe/telemetry.ts";
import type { Publisher } from "./publish/publisher.ts";
import { type Census, takeCensus } from "./queue/census.ts";
import type { DeadLetters } from "./queue/dead-letters.ts";
import { createApiKeys } from "./store/api-keys.ts";
import { createSharedBreakers, type SharedBreakers } from "./store/breakers.ts";
import { createEndpoints } from "./store/endpoints.ts";
import { readHealth } from "./store/health.ts";
import { loadOrCreateKey } from "./store/key-file.ts";
import { createKeys, type Keys } from "./store/keys.ts";
import { type Redis, untilReady } from "./store/redis.ts";
import { type CountRequest, createRequestCounter } from "./store/request-counts.ts";
import { createSealer } from "./store/sealing.ts";
import { createWaitingIndex, type WaitingIndex } from "./store/waiting.ts";

export interface PublisherOptions {
  /** redis:// or rediss:// */
  readonly redisUrl: string;
  /** As the workers have it; `{hookwave}` when absent. */
  readonly prefix?: string;
  /** For every publish that does not say; `redis` when absent. docs/durability.md */
  readonly durability?: Durability;
  /** How many replicas must have an event of durability `replicated`; 1 when absent. */
  readonly replicasMin?: number;
}

/** A producer: all a service needs to publish. Connects at once; publishing waits for that, a second at most. */
export function createPublisher({ redisUrl, prefix, durability, replicasMin }: PublisherOptions): Publisher {
  const config = configWith({ prefix, publishDurability: durability, replicasMin });
  const { publisher, disconnect } = openPublishing({ ...config, redisUrl }, () => undefined);
  return {
    ...publisher,
    close: async () => {
      await publisher.close();
      disconnect();
    },
  };
}

/** Any setting of the configuration, under its name there; the others keep their defaults. */
export interface HookwaveOptions extends Partial<Config> {
  readonly redisUrl: string;
  /** Hears everything that happens, as log and metrics do. */
  readonly listeners?: readonly Tell[];
}

export interface EndpointStatus {
  readonly id: EndpointId;
  readonly url: string;
  readonly isActive: boolean;
  readonly breaker: BreakerState;
  readonly lastSuccessAt: string | null;
  readonly failingSince: string | null;
  /** Deliveries that wait for another attempt. */
  readonly waiting: number;
  readonly oldestAgeMs: number;
}

export interface Hookwave extends Publisher {
  readonly endpoints: EndpointDesk;
  readonly deadLetters: DeadLetters;
  /** Many dead letters at once, as jobs that go on by themselves. */
  readonly replays: ReplayDesk;
  /** Waits for Redis, checks that it is safe, and begins to deliver unless the role is `api`. */
  readonly start: () => Promise<void>;
  /** Waits for the first connection; rejects with REDIS_UNAVAILABLE when it is refused or takes longer. */
  readonly untilConnected: (patienceMs: number) => Promise<void>;
  readonly isRedisReachable: () => Promise<boolean>;
  readonly isConsuming: () => boolean;
  readonly census: () => Promise<Census>;
  readonly health: () => Promise<readonly EndpointStatus[]>;
  readonly metrics: { readonly expose: () => Promise<string>; readonly contentType: string };
  readonly keys: KeyDesk;
  /** For the API's rate limits: counts in windows that the whole fleet shares. */
  readonly countRequest: CountRequest;
}

/** The whole service, embeddable. It delivers from `start` on; publishing works before that, too. */
export async function createHookwave(options: HookwaveOptions): Promise<Hookwave> {
  const { redisUrl, listeners = [] } = options;
  const config = configWith(options);
  const policy = createAddressPolicy(config);
  const key = config.encryptionKey ?? (await loadOrCreateKey(config.dataDir)).key;
  const hear = createRelay();
  const { publisher, redis, queues, disconnect } = openPublishing({ ...config, redisUrl }, hear.tell);
  const keys = createKeys(config.prefix);
  const endpoints = createEndpoints(redis, keys, createSealer(key), hear.tell);
  const breakers = createSharedBreakers(redis, keys, system.now, hear.tell);
  const waiting = createWaitingIndex(redis, keys);
  const apiKeys = createApiKeys(redis, keys);
  const census = (): Promise<Census> =>
    takeCensus(queues, (name, field) => redis.hget(name, field), system.now());
  const metrics = createMetrics({
    endpointLabels: config.metricsEndpointLabels,
    readQueues: census,
    tell: hear.tell,
  });
  hear.connect(createTelemetry([metrics.tell, ...listeners]));
  const desk = createEndpointDesk(config, policy, endpoints, system.now);
  const service = createService(
    { config, policy, redisUrl, keys, system, tell: hear.tell, endpoints, breakers, apiKeys },
    desk,
    redis,
  );
  const letters = createLetterDesk({ config, redis, keys, queues, endpoints, system, tell: hear.tell });

  return {
    ...publisher,
    endpoints: desk,
    deadLetters: letters.deadLetters,
    replays: letters.replays,
    start: async () => {
      await service.start();
      letters.start();
    },
    untilConnected: (patienceMs) => untilReady(redis, patienceMs),
    isRedisReachable: () =>
      redis.ping().then(
        () => true,
        () => false,
      ),
    isConsuming: service.isConsuming,
    census,
    health: () =>
      Promise.all(endpoints.all().map((endpoint) => statusOf(endpoint, { redis, keys, breakers, waiting }))),
    metrics,
    keys: createKeyDesk(apiKeys, config.apiKey, system.now),
    countRequest: createRequestCounter(redis, keys),
    close: async () => {
      await publisher.close();
      await Promise.all([letters.stop(), service.stop()]);
      disconnect();
    },
  };
}

/** A `tell` that exists before its listeners do: they need parts which need it. */
function createRelay(): { readonly tell: Tell; readonly connect: (listener: Tell) => void } {
  let listener: Tell = () => undefined;
  return {
    tell: (happening) => listener(happening),
    connect: (next) => {
      listener = next;
    },
  };
}

interface StatusSources {
  readonly redis: Redis;
  readonly keys: Keys;
  readonly breakers: SharedBreakers;
  readonly waiting: WaitingIndex;
}

async function statusOf(endpoint: Endpoint, from: StatusSources): Promise<EndpointStatus> {
  const { id, url, isActive } = endpoint;
  const [health, backlog] = await Promise.all([readHealth(from.redis, from.keys, id), from.waiting.read(id)]);
  const openUntil = from.breakers.openUntil(id);
  const now = system.now();
  return {
    id,
    url,
    isActive,
    breaker: openUntil === null ? "closed" : openUntil > now ? "open" : "half_open",
    ...health,
    waiting: backlog.waiting,
    oldestAgeMs: backlog.oldestAcceptedAt === null ? 0 : Math.max(0, now - backlog.oldestAcceptedAt),
  };
}
