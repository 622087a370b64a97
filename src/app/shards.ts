/**
 * Opens the shards of an installation: each with a connection, keys and queues of its own. What the whole installation shares
 * lies at its home; one that is not divided has a single shard, which is its home.
 */
import { type Tell, tellFailure } from "../core/happening.ts";
import { mapShards, type Shards } from "../core/shards.ts";
import { openQueues, type Queues } from "../queue/queues.ts";
import { createKeys, type Keys } from "../store/keys.ts";
import { connectRedis, type Redis } from "../store/redis.ts";
import type { RedisPlace } from "../store/redis-place.ts";
import { type ShardPlace, shardPlaces } from "../store/shard-places.ts";

export interface OpenShard extends ShardPlace {
  readonly redis: Redis;
  readonly keys: Keys;
  readonly queues: Queues;
}

export interface OpenShards {
  readonly home: OpenShard;
  readonly shards: Shards<OpenShard>;
}

interface Home {
  readonly redisPlace: RedisPlace;
  readonly prefix: string;
}

/** Events may lie at home beside the shards: there, what came from a producer that knows of none waits to be handed on. */
export const withHome = ({ home, shards }: OpenShards): readonly [OpenShard, ...OpenShard[]] =>
  shards.all.length === 1 ? [home] : [home, ...shards.all];

/** Called once in a process: who shares a place shares what is known of the way to it. */
export const placesOf = ({ redisPlace, prefix }: Home, shards: number): Shards<ShardPlace> =>
  shardPlaces(redisPlace, prefix, shards);

type Role = Parameters<typeof connectRedis>[1];
/** Hears the failures of a connection, or of the queues over it. */
type Hear = (doing: "redis" | "queues") => (error: Error) => void;

export function openShards(
  { redisPlace, prefix }: Home,
  places: Shards<ShardPlace>,
  role: Role,
  hear: Hear,
): OpenShards {
  const open = (at: ShardPlace): OpenShard => openShard(at, role, hear);
  const shards = mapShards(places, open);
  const home = shards.all.length === 1 ? shards.all[0] : open({ prefix, place: redisPlace });
  return { home, shards };
}

export function openShard(at: ShardPlace, role: Role, hear: Hear): OpenShard {
  const redis = connectRedis(at.place, role, hear("redis"));
  return { ...at, redis, keys: createKeys(at.prefix), queues: openQueues(redis, at.prefix, hear("queues")) };
}

export const toldBy =
  (tell: Tell): Hear =>
  (doing) =>
    tellFailure(tell, doing);
