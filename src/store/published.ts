/** Whether an event id is taken: for as long as the ledger remembers it, publishing it again does nothing. */
import type { EventId } from "../core/brand.ts";
import type { Keys } from "./keys.ts";
import type { Redis } from "./redis.ts";

export async function isPublished(redis: Redis, keys: Keys, id: EventId): Promise<boolean> {
  return (await redis.hexists(keys.event(id), "holder")) === 1;
}
