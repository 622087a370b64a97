/**
 * The composition root: the only place that constructs and wires. Stages meet here and nowhere else; nobody
 * but main, index and cli imports it. Embedded and standalone are the same code (design, decision 9).
 */
import { createEndpointDesk, type EndpointDesk } from "./app/endpoint-desk.ts";
import { type EndpointStatus, endpointHealth } from "./app/endpoint-health.ts";
import { createExamination, type Examination } from "./app/examination.ts";
import { createFleetState } from "./app/fleet-state.ts";
import { createKeyDesk, type KeyDesk } from "./app/key-desk.ts";
import { createLetterDesk, type ReplayDesk } from "./app/letter-desk.ts";
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
import type { DeadLetters } from "./queue/dead-letters.ts";
import { loadOrCreateKey } from "./store/key-file.ts";
import { createKeys } from "./store/keys.ts";
import { type Redis, type RedisTrouble, redisTrouble, untilReady } from "./store/redis.ts";
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
  /** Many dead letters at once, as jobs that go on by themselves. */
  readonly replays: ReplayDesk;
  /** Waits for Redis, checks that it is safe, and begins to deliver unless the role is `api`. */
  readonly start: () => Promise<void>;
  /** Waits for the first connection; rejects with REDIS_UNAVAILABLE when it is refused or takes longer. */
  readonly untilConnected: (patienceMs: number) => Promise<void>;
  readonly isRedisReachable: () => Promise<boolean>;
  /** Whether Redis is why this was thrown. */
  readonly redisTrouble: (error: unknown) => Promise<RedisTrouble | null>;
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
  const base = { config, redis, keys, queues, endpoints, waiting };
  const letters = createLetterDesk({ ...base, system, tell: hear.tell });
  const { deadLetters, replays, outbox } = letters;

  return {
    ...publisher,
    ...openRecords({ ...base, outbox, deadLetters, publisher }),
    endpoints: desk,
    deadLetters,
    replays,
    examination,
    start: () => service.start().then(letters.start),
    untilConnected: (patienceMs) => untilReady(redis, patienceMs),
    isRedisReachable: () => answers(redis),
    redisTrouble: async (error) => redisTrouble(error) ?? ((await answers(redis)) ? null : "unanswered"),
    isConsuming: service.isConsuming,
    census,
    health: (page = FIRST_PAGE) =>
      endpointHealth({ redis, keys, endpoints, breakers, waiting, now: system.now }, page),
    metrics,
    keys: createKeyDesk(apiKeys, config.apiKey, system.now),
    countRequest: createRequestCounter(redis, keys),
    close: async () => {
      await Promise.all([publisher.close(), examination.close()]);
      await Promise.all([letters.stop(), service.stop()]);
      disconnect();
    },
  };
}

const answers = (redis: Redis): Promise<boolean> =>
  redis.ping().then(
    () => true,
    () => false,
  );

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
