/** Readings of endpoints in trouble, for the metrics: what waits for each, and since when it fails. */
import type { EndpointId } from "../core/brand.ts";
import type { EndpointReading } from "../core/readings.ts";
import { readHealth } from "./health.ts";
import type { Keys } from "./keys.ts";
import type { Redis } from "./redis.ts";
import type { WaitingDeliveries } from "./waiting.ts";

export type WaitingReading = Omit<EndpointReading, "heldBecause">;

export function createEndpointReadings(
  redis: Redis,
  keys: Keys,
  waiting: WaitingDeliveries,
  now: () => number,
) {
  const since = (timeMs: number | null): number => (timeMs === null ? 0 : Math.max(0, now() - timeMs));
  return async (endpointId: EndpointId): Promise<WaitingReading> => {
    const [backlog, { failingSince }, held] = await Promise.all([
      waiting.read(endpointId),
      readHealth(redis, keys, endpointId),
      redis.zcard(keys.line(endpointId).times),
    ]);
    return {
      endpointId,
      retrying: Math.max(0, backlog.waiting - held),
      held,
      oldestOwedMs: since(backlog.oldestAcceptedAt),
      failingMs: since(failingSince === null ? null : Date.parse(failingSince)),
    };
  };
}
