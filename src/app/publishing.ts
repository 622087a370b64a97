/**
 * Wires the publish stage to the stores of all shards (event-stores.ts), and to the legacy bus. It loads what a producer
 * needs, not the rest of the service.
 */
import type { BusLink } from "../bus/ports.ts";
import { createPutOnBus } from "../bus/put-on-bus.ts";
import { type BusSettings, busTarget, type StartSettings, startOf } from "../bus/target.ts";
import { createBusWriter } from "../bus/writer.ts";
import { type Config, configWith, insistOptions } from "../config/environment.ts";
import { AN_OBJECT, ANYTHING, LOGGER, optionProblems, TRUE_OR_FALSE } from "../config/options.ts";
import { system } from "../config/system.ts";
import type { Durability } from "../core/durability.ts";
import type { Tell } from "../core/happening.ts";
import type { Logger } from "../core/logger.ts";
import { mapShards, type Shards } from "../core/shards.ts";
import { openProgramLog } from "../observe/program-log.ts";
import { openSpans, type Spans } from "../observe/spans.ts";
import { createTelemetry } from "../observe/telemetry.ts";
import { createAllowance } from "../publish/allowance.ts";
import { createEventPublisher, type Publisher, type PutOnBus } from "../publish/publisher.ts";
import { createBusLink, type OwnedBusLink } from "../store/bus-link.ts";
import { createKeys } from "../store/keys.ts";
import { createMigrationStore, type MigrationStore } from "../store/migration-switch.ts";
import type { Redis } from "../store/redis.ts";
import {
  busPlaceAt,
  type RedisCertificates,
  type RedisConnection,
  type RedisPlace,
} from "../store/redis-place.ts";
import { createAskState } from "../store/redis-state.ts";
import type { ShardPlace } from "../store/shard-places.ts";
import { VERSION } from "../wire/version.ts";
import { insistDivided, openStore } from "./event-stores.ts";
import { placeIn, placeProblems } from "./place.ts";
import { type OpenShards, openShards, placesOf, toldBy } from "./shards.ts";

export interface PublisherOptions {
  /** redis:// or rediss://; either this or `connection`. */
  readonly redisUrl?: string | null;
  /** For rediss://, as PEM: the authorities that vouch for Redis, where they are none that Node knows. */
  readonly redisTlsCa?: string | null | undefined;
  /** Our own certificate and its key, for a Redis that asks for one. */
  readonly redisTlsCert?: string | null | undefined;
  readonly redisTlsKey?: string | null | undefined;
  /** As of `createHookwave`. */
  readonly connection?: RedisConnection | undefined;
  /** As the workers have it; `{hookwave}` when absent. */
  readonly prefix?: string;
  /** As the workers have it; 1 when absent. */
  readonly shards?: number;
  /** For every publish that does not say; `redis` when absent. docs/durability.md */
  readonly durability?: Durability;
  /** Replicas that must have an event of durability `replicated`; 1 when absent. */
  readonly replicasMin?: number;
  /**
   * A span for each publish, in this process' own OpenTelemetry: false for none, true to insist. When absent, there are
   * some if its SDK has been started before. docs/observability.md
   */
  readonly traces?: boolean | undefined;
  /** As of `createHookwave`: takes all lines of the log; false for none; warnings and errors to standard error when absent. */
  readonly logger?: Logger | false | undefined;
  /** The bus that it writes in phase `redis`, named as in Config; all have defaults (docs/migration.md). */
  readonly bus?: Partial<BusOptions>;
}

/** A producer: all a service needs to publish. Connects at once; publishing waits for that, a second at most. */
export function createPublisher(options: PublisherOptions): Publisher {
  insistOptions(publisherProblems(options));
  const { prefix, shards, durability, replicasMin, bus, traces, logger } = options;
  const { redisTlsCa, redisTlsCert, redisTlsKey } = options;
  const certificates = { redisTlsCa, redisTlsCert, redisTlsKey };
  const config = configWith({
    ...bus,
    ...certificates,
    prefix,
    shards,
    publishDurability: durability,
    replicasMin,
  });
  const log = openProgramLog({ logger }, system);
  const publishing = openPublishing(
    { ...config, redisPlace: placeIn(options, config), traces },
    createTelemetry([log.tell]),
  );
  const { publisher, redis, disconnect } = publishing;
  const askState = createAskState(redis, createKeys(config.prefix));
  log.askBy(async () => (await askState()).kind === "writable");
  return {
    ...publisher,
    close: async () => {
      await publisher.close();
      disconnect();
      await log.close();
    },
  };
}

/** Of a producer without types, anything may come. */
function publisherProblems(options: unknown): readonly string[] {
  const given = Object(options);
  const { bus = {} } = given;
  const busNames = { settings: Object.fromEntries(BUS_OPTIONS.map((name) => [name, name])) };
  return [
    ...optionProblems(given, PUBLISHER_OPTIONS),
    ...placeProblems(given),
    ...optionProblems(Object(bus), busNames, "bus."),
  ];
}

const PUBLISHER_OPTIONS = {
  settings: {
    redisUrl: "redisUrl",
    redisTlsCa: "redisTlsCa",
    redisTlsCert: "redisTlsCert",
    redisTlsKey: "redisTlsKey",
    prefix: "prefix",
    shards: "shards",
    durability: "publishDurability",
    replicasMin: "replicasMin",
  },
  others: { traces: TRUE_OR_FALSE, bus: AN_OBJECT, logger: LOGGER, connection: ANYTHING },
};

const BUS_OPTIONS = [
  "enableRedisFallback",
  "redisFallbackMode",
  "redisFallbackShares",
  "legacyRedisUrl",
  "legacyRedisList",
  "legacyRedisChannel",
  "legacyRedisEnvelope",
  "legacyRedisEvents",
  "legacyRedisListMax",
] as const satisfies readonly (keyof BusOptions)[];

/** The bus that a publisher writes in phase `redis`. */
export type BusOptions = BusSettings & StartSettings & Pick<Config, "legacyRedisUrl">;

interface PublishingOptions
  extends BusOptions,
    RedisCertificates,
    Pick<Config, "prefix" | "shards" | "publishDurability" | "replicasMin"> {
  readonly redisPlace: RedisPlace;
  /** As in PublisherOptions. */
  readonly traces: boolean | undefined;
}

export interface Publishing extends OpenShards {
  readonly publisher: Publisher;
  /** The connection of home; where there is one shard, that of its level `redis`. */
  readonly redis: Redis;
  readonly places: Shards<ShardPlace>;
  readonly migration: MigrationStore;
  readonly busLink: OwnedBusLink;
  /** Null where there are no traces. */
  readonly spans: Spans | null;
  /** To be called once the publisher is closed. */
  readonly disconnect: () => void;
}

export function openPublishing(options: PublishingOptions, tell: Tell): Publishing {
  const { redisPlace, publishDurability } = options;
  const spans = openSpans(options.traces, VERSION);
  const places = placesOf(options, options.shards);
  const { home, shards } = openShards(options, places, "producer", toldBy(tell));
  const { redis, keys } = home;
  const isBeyondAllowance = createAllowance(system.monotonicMs);
  const stores = mapShards(shards, (shard) => openStore(shard, options, isBeyondAllowance, tell));
  const migration = createMigrationStore({ redis, keys, start: startOf(options), tell, system });
  const { legacyRedisUrl } = options;
  const busLink = createBusLink(legacyRedisUrl === null ? redisPlace : busPlaceAt(legacyRedisUrl, options));
  const publisher = createEventPublisher({
    putOnBus: putOnBusOf(options, migration, busLink, tell),
    durability: publishDurability,
    beginSpan: spans?.beginPublish ?? null,
    stores: options.shards === 1 ? stores : mapShards(stores, insistDivided(home, options.shards)),
    system,
    tell,
  });
  return {
    publisher,
    redis,
    places,
    home,
    shards,
    migration,
    busLink,
    spans,
    disconnect: () => {
      busLink.disconnect();
      redis.disconnect();
      for (const store of stores.all) store.disconnect();
    },
  };
}

/** A publish in phase `redis` waits for the bus as long as its caller would wait for the store. */
const PUBLISH_DEADLINE_MS = 900;

function putOnBusOf(
  options: BusOptions,
  { currentOrKnown }: MigrationStore,
  link: BusLink,
  tell: Tell,
): PutOnBus {
  const target = busTarget(options);
  const writer = createBusWriter({ link, target, deadlineMs: PUBLISH_DEADLINE_MS, tell, system });
  return createPutOnBus({ currentSwitch: currentOrKnown, target, writer, now: system.now });
}
