/**
 * Each endpoint's health, for people: last success, failing since when. Written by the attempt log with each group of
 * attempts; only read here.
 */
import type { EndpointId } from "../core/brand.ts";
import type { Keys } from "./keys.ts";
import type { Redis } from "./redis.ts";

export interface EndpointHealth {
  /** ISO 8601; null when nothing was ever delivered. */
  readonly lastSuccessAt: string | null;
  /** ISO 8601 of the first failure since the last success; null while it delivers. */
  readonly failingSince: string | null;
}

export async function readHealth(redis: Redis, keys: Keys, id: EndpointId): Promise<EndpointHealth> {
  const [lastSuccessAt = null, failingSince = null] = await redis.hmget(
    keys.health(id),
    "last_success_at",
    "failing_since",
  );
  return { lastSuccessAt, failingSince };
}

/** ISO 8601 of the first failure before it was last disabled, or of when that was; null where it never was. */
export async function readMissedSince(redis: Redis, keys: Keys, id: EndpointId): Promise<string | null> {
  return await redis.hget(keys.health(id), "missed_since");
}
