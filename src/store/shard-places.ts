/**
 * The shards of an installation: which has an event, what the keys of each begin with, and the way to them. In a Cluster each
 * is a slot, and so the node that has it (slot-owner.ts); on a single Redis all are there.
 */
import { crc32 } from "node:zlib";
import type { EventId } from "../core/brand.ts";
import { type Shards, shardsOf } from "../core/shards.ts";
import type { RedisPlace } from "./redis-place.ts";

export interface ShardPlace {
  readonly prefix: string;
  readonly place: RedisPlace;
}

/** As producers in any language can reckon it: docs/producers.md. */
export const shardNumber = (id: EventId, shards: number): number => crc32(id) % shards;

/** `{hookwave}` → `{hookwave:2}`: a hash tag of its own, and so a slot. */
const shardPrefix = (prefix: string, shard: number): string => prefix.replace("}", `:${shard}}`);

/** Of an installation that is not divided, itself. */
export function shardPlaces(home: RedisPlace, prefix: string, count: number): Shards<ShardPlace> {
  const placeOf = (shard: number): ShardPlace => {
    const own = shardPrefix(prefix, shard);
    const { cluster } = home;
    // One object for each way: connections of one way share what they know of it (redis.ts).
    return {
      prefix: own,
      place: cluster === undefined ? home : { ...home, cluster: { ...cluster, key: own } },
    };
  };
  const numberOf = (id: EventId): number => shardNumber(id, count);
  if (count === 1) return shardsOf([{ prefix, place: home }], numberOf);
  const others = Array.from({ length: count - 1 }, (_, at) => placeOf(at + 1));
  return shardsOf([placeOf(0), ...others], numberOf);
}
