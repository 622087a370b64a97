/**
 * Wires the publish stage to its queues: one connection for what Redis acknowledges by itself, and one of its own
 * for each level that waits for more, opened when it is first asked for.
 */
import { system } from "../config/system.ts";
import type { Durability } from "../core/durability.ts";
import type { Tell } from "../core/happening.ts";
import type { EnqueueEvents } from "../publish/ports.ts";
import { createEventPublisher, type Publisher } from "../publish/publisher.ts";
import { enqueueEvents, openQueues, type Queues } from "../queue/queues.ts";
import { type ConfirmedLevel, createConfirmation } from "../store/confirmation.ts";
import { connectRedis, type Redis, untilReady } from "../store/redis.ts";
import { onError } from "./working.ts";

export interface PublishingOptions {
  readonly redisUrl: string;
  readonly prefix: string;
  readonly publishDurability: Durability;
  readonly replicasMin: number;
}

export interface Publishing {
  readonly publisher: Publisher;
  /** The connection of the level `redis`, and its queues. */
  readonly redis: Redis;
  readonly queues: Queues;
  /** To be called once the publisher is closed. */
  readonly disconnect: () => void;
}

interface Lane {
  readonly redis: Redis;
  readonly enqueue: (batch: Parameters<EnqueueEvents>[0]) => Promise<void>;
}

export function openPublishing(options: PublishingOptions, tell: Tell): Publishing {
  const { redisUrl, prefix, publishDurability } = options;
  const redis = connectRedis(redisUrl, "producer", onError(tell, "redis"));
  const queues = openQueues(redis, prefix, onError(tell, "queues"));
  const lanes = new Map<Durability, Lane>([
    ["redis", { redis, enqueue: (batch) => enqueueEvents(queues, batch) }],
  ]);
  const laneOf = (level: Durability): Lane => {
    const lane =
      lanes.get(level) ?? openConfirmedLane(level === "fsync" ? "fsync" : "replicated", options, tell);
    lanes.set(level, lane);
    return lane;
  };
  // Connects now, so that the first publish need not wait for it.
  laneOf(publishDurability);
  const publisher = createEventPublisher({
    durability: publishDurability,
    enqueue: (batch, level) => laneOf(level).enqueue(batch),
    untilReady: (patienceMs, level) => untilReady(laneOf(level).redis, patienceMs),
    system,
    tell,
  });
  return {
    publisher,
    redis,
    queues,
    disconnect: () => {
      for (const lane of lanes.values()) lane.redis.disconnect();
    },
  };
}

function openConfirmedLane(level: ConfirmedLevel, options: PublishingOptions, tell: Tell): Lane {
  const redis = connectRedis(options.redisUrl, "confirmer", onError(tell, "redis"));
  const queues = openQueues(redis, options.prefix, onError(tell, "queues"));
  const confirm = createConfirmation(redis, level, options.replicasMin);
  return { redis, enqueue: (batch) => confirm(() => enqueueEvents(queues, batch)) };
}
