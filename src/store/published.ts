/**
 * Whether an event id is taken: a worker has claimed it, or it was published over HTTP and waits for one. For as long
 * as either is remembered, publishing it again sends nothing.
 */
import type { EventId } from "../core/brand.ts";
import type { Keys } from "./keys.ts";
import type { Redis } from "./redis.ts";

export async function isPublished(redis: Redis, keys: Keys, id: EventId): Promise<boolean> {
  const [claimed, published] = await Promise.all([
    redis.hexists(keys.event(id), "holder"),
    redis.exists(keys.published(id)),
  ]);
  return claimed + published > 0;
}
