/**
 * Wires the publish stage to its queues: one connection for what Redis acknowledges by itself, and one of its own
 * for each level that waits for more, opened when it is first asked for. It loads what a producer needs, not the
 * rest of the service.
 */
import { type Config, configWith } from "../config/environment.ts";
import { system } from "../config/system.ts";
import type { Durability } from "../core/durability.ts";
import type { PublishedEvent } from "../core/event.ts";
import { type Tell, tellFailure } from "../core/happening.ts";
import { createEventPublisher, type Publisher } from "../publish/publisher.ts";
import { enqueueEvents, openQueues, type Queues } from "../queue/queues.ts";
import { type ConfirmedLevel, createConfirmation } from "../store/confirmation.ts";
import { connectRedis, type Redis, untilReady } from "../store/redis.ts";

export interface PublisherOptions {
  /** redis:// or rediss:// */
  readonly redisUrl: string;
  /** As the workers have it; `{hookwave}` when absent. */
  readonly prefix?: string;
  /** For every publish that does not say; `redis` when absent. docs/durability.md */
  readonly durability?: Durability;
  /** Replicas that must have an event of durability `replicated`; 1 when absent. */
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

interface PublishingOptions extends Pick<Config, "prefix" | "publishDurability" | "replicasMin"> {
  readonly redisUrl: string;
}

export interface Publishing {
  readonly publisher: Publisher;
  /** The connection of the level `redis`, and its queues. */
  readonly redis: Redis;
  readonly queues: Queues;
  /** To be called once the publisher is closed. */
  readonly disconnect: () => void;
}

interface Path {
  readonly redis: Redis;
  readonly enqueue: (batch: readonly PublishedEvent[]) => Promise<void>;
}

export function openPublishing(options: PublishingOptions, tell: Tell): Publishing {
  const { redisUrl, prefix, publishDurability } = options;
  const redis = connectRedis(redisUrl, "producer", tellFailure(tell, "redis"));
  const queues = openQueues(redis, prefix, tellFailure(tell, "queues"));
  const paths = new Map<Durability, Path>([
    ["redis", { redis, enqueue: (batch) => enqueueEvents(queues, batch) }],
  ]);
  const pathOf = (level: Durability): Path => {
    const path =
      paths.get(level) ?? openConfirmedPath(level === "fsync" ? "fsync" : "replicated", options, tell);
    paths.set(level, path);
    return path;
  };
  // Connects now, so that the first publish need not wait for it.
  pathOf(publishDurability);
  const publisher = createEventPublisher({
    durability: publishDurability,
    enqueue: (batch, level) => pathOf(level).enqueue(batch),
    untilReady: (patienceMs, level) => untilReady(pathOf(level).redis, patienceMs),
    system,
    tell,
  });
  return {
    publisher,
    redis,
    queues,
    disconnect: () => {
      for (const path of paths.values()) path.redis.disconnect();
    },
  };
}

function openConfirmedPath(level: ConfirmedLevel, options: PublishingOptions, tell: Tell): Path {
  const redis = connectRedis(options.redisUrl, "confirmer", tellFailure(tell, "redis"));
  const queues = openQueues(redis, options.prefix, tellFailure(tell, "queues"));
  const confirm = createConfirmation(redis, level, options.replicasMin);
  return { redis, enqueue: (batch) => confirm(() => enqueueEvents(queues, batch)) };
}
