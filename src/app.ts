/**
 * The composition root: the only place that constructs and wires. Stages meet here and nowhere else; nobody
 * but main, index and cli imports it. Embedded and standalone are the same code (design, decision 9).
 */
import { createEndpointDesk, type EndpointDesk } from "./app/endpoint-desk.ts";
import { type EndpointStatus, endpointHealth } from "./app/endpoint-health.ts";
import { createExamination, type Examination } from "./app/examination.ts";
import { createFleetState } from "./app/fleet-state.ts";
import { createKeyDesk, type KeyDesk } from "./app/key-desk.ts";
import { openPublishing } from "./app/publishing.ts";
import { openRecords, type Records } from "./app/records.ts";
import { createService } from "./app/service.ts";
import { type Config, configWith } from "./config/environment.ts";
import { system } from "./config/system.ts";
import type { Durability } from "./core/durability.ts";
import type { Tell } from "./core/happening.ts";
import type { Page, PageRequest } from "./core/page.ts";
import { createAddressPolicy } from "./deliver/address-guard.ts";
import { createMetrics } from "./observe/metrics.ts";
import { createTelemetry } from "./observe/telemetry.ts";
import type { Publisher } from "./publish/publisher.ts";
import { type Census, takeCensus } from "./queue/census.ts";
import { createDeadLetters, type DeadLetters } from "./queue/dead-letters.ts";
import { createOutbox } from "./queue/queues.ts";
import { loadOrCreateKey } from "./store/key-file.ts";
import { createKeys } from "./store/keys.ts";
import { untilReady } from "./store/redis.ts";
import { type CountRequest, createRequestCounter } from "./store/request-counts.ts";

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

export interface Hookwave extends Publisher, Records {
  readonly endpoints: EndpointDesk;
  readonly examination: Examination;
  readonly deadLetters: DeadLetters;
  /** Waits for Redis, checks that it is safe, and begins to deliver unless the role is `api`. */
  readonly start: () => Promise<void>;
  /** Waits for the first connection; rejects with REDIS_UNAVAILABLE when it is refused or takes longer. */
  readonly untilConnected: (patienceMs: number) => Promise<void>;
  readonly isRedisReachable: () => Promise<boolean>;
  readonly isConsuming: () => boolean;
  readonly census: () => Promise<Census>;
  /** How each endpoint is, oldest first; 100 a page unless said otherwise. */
  readonly health: (page?: PageRequest) => Promise<Page<EndpointStatus>>;
  readonly metrics: { readonly expose: () => Promise<string>; readonly contentType: string };
  readonly keys: KeyDesk;
  /** For the API's rate limits: counts in windows that the whole fleet shares. */
  readonly countRequest: CountRequest;
}

const FIRST_PAGE: PageRequest = { after: null, limit: 100 };

/** The whole service, embeddable. It delivers from `start` on; publishing works before that, too. */
export async function createHookwave(options: HookwaveOptions): Promise<Hookwave> {
  const { redisUrl, listeners = [] } = options;
  const config = configWith(options);
  const policy = createAddressPolicy(config);
  const key = config.encryptionKey ?? (await loadOrCreateKey(config.dataDir)).key;
  const hear = createRelay();
  const { publisher, redis, queues, disconnect } = openPublishing({ ...config, redisUrl }, hear.tell);
  const keys = createKeys(config.prefix);
  const fleet = createFleetState({ config, key, redis, keys, tell: hear.tell });
  const { endpoints, breakers, waiting, apiKeys } = fleet;
  const census = (): Promise<Census> =>
    takeCensus(queues, (name, field) => redis.hget(name, field), system.now());
  const metrics = createMetrics({
    endpointLabels: config.metricsEndpointLabels,
    readQueues: census,
    tell: hear.tell,
  });
  hear.connect(createTelemetry([metrics.tell, ...listeners]));
  const desk = createEndpointDesk({ config, policy, endpoints, redis, keys, system, tell: hear.tell });
  const examination = createExamination({ policy, desk, endpoints, breakers, redis, keys, system });
  const service = createService(
    { ...fleet, config, policy, redisUrl, keys, system, tell: hear.tell },
    desk,
    redis,
  );

  const outbox = createOutbox(queues, hear.tell);
  const deadLetters = createDeadLetters(queues, outbox);

  return {
    ...publisher,
    ...openRecords({ config, redis, keys, queues, outbox, deadLetters, publisher, endpoints, waiting }),
    endpoints: desk,
    deadLetters,
    examination,
    start: service.start,
    untilConnected: (patienceMs) => untilReady(redis, patienceMs),
    isRedisReachable: () =>
      redis.ping().then(
        () => true,
        () => false,
      ),
    isConsuming: service.isConsuming,
    census,
    health: (page = FIRST_PAGE) =>
      endpointHealth({ redis, keys, endpoints, breakers, waiting, now: system.now }, page),
    metrics,
    keys: createKeyDesk(apiKeys, config.apiKey, system.now),
    countRequest: createRequestCounter(redis, keys),
    close: async () => {
      await Promise.all([publisher.close(), examination.close()]);
      await service.stop();
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
