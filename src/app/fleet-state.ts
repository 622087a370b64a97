/**
 * State that all processes of an installation share, as this one reads and writes it: each part over the same
 * connection.
 */
import type { Config } from "../config/environment.ts";
import { system } from "../config/system.ts";
import type { Tell } from "../core/happening.ts";
import { mapShards, type Shards } from "../core/shards.ts";
import { createApiKeys } from "../store/api-keys.ts";
import { createSharedBreakers } from "../store/breakers.ts";
import { createEndpoints } from "../store/endpoints.ts";
import type { Keys } from "../store/keys.ts";
import { createOutlying, NONE_OUTLYING } from "../store/outlying.ts";
import type { Redis } from "../store/redis.ts";
import type { RedisPlace } from "../store/redis-place.ts";
import { createSealer } from "../store/sealing.ts";
import { createSources } from "../store/sources.ts";
import { createWaitingIndex, waitingOver } from "../store/waiting.ts";
import type { OpenShard } from "./shards.ts";

/** Parts that all others are made with. */
export interface Ground {
  readonly config: Config;
  readonly redisPlace: RedisPlace;
  /** The connection that also publishes. */
  readonly redis: Redis;
  readonly keys: Keys;
  readonly home: OpenShard;
  readonly shards: Shards<OpenShard>;
  readonly tell: Tell;
}

export type FleetState = Readonly<ReturnType<typeof createFleetState>>;

/** `key` seals secrets. */
export function createFleetState(ground: Ground, key: Buffer) {
  const { config, redis, keys, home, shards, tell } = ground;
  const sealer = createSealer(key, config.encryptionKeyPrevious);
  const outlying = shards.all.length === 1 ? NONE_OUTLYING : createOutlying(home, shards.all, tell);
  return {
    ...ground,
    outlying,
    endpoints: createEndpoints(redis, keys, sealer, tell, outlying),
    breakers: createSharedBreakers(redis, keys, system.now, tell),
    waiting: waitingOver(
      mapShards(shards, (shard) =>
        createWaitingIndex(shard.redis, shard.keys, config.eventRetentionMs, tell),
      ),
    ),
    apiKeys: createApiKeys(redis, keys),
    sources: createSources(redis, keys, sealer),
  };
}
