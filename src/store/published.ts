/**
 * Event ids that are taken: a worker has claimed them, or they were published over HTTP and wait for one. For as long
 * as either is kept, publishing them again sends nothing.
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
