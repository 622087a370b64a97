/** Readings of endpoints in trouble, for the metrics: what waits for each, and since when it fails. */
import { z } from "zod";
import type { EndpointId } from "../core/brand.ts";
import type { EndpointReading } from "../core/readings.ts";
import type { Keys } from "./keys.ts";
import type { Redis } from "./redis.ts";

const counted = z.tuple([z.null(), z.number()]);
const answersSchema = z.tuple([
  counted,
  z.tuple([z.null(), z.array(z.string())]),
  counted,
  z.tuple([z.null(), z.string().nullable()]),
]);
const ANSWERS = 4;

export type WaitingReading = Omit<EndpointReading, "heldBecause">;

export function createEndpointReadings(redis: Redis, keys: Keys, now: () => number) {
  return async (ids: readonly EndpointId[]): Promise<readonly WaitingReading[]> => {
    if (ids.length === 0) return [];
    const pipeline = redis.pipeline();
    for (const id of ids) {
      const waiting = keys.waiting(id);
      pipeline.zcard(waiting).zrange(waiting, 0, "0", "WITHSCORES").zcard(keys.line(id).times);
      pipeline.hget(keys.health(id), "failing_since");
    }
    const answers = (await pipeline.exec()) ?? [];
    const nowMs = now();
    return ids.map((endpointId, index) => {
      const own = answers.slice(index * ANSWERS, (index + 1) * ANSWERS);
      const [[, waiting], [, [, oldestAt]], [, held], [, failingSince]] = answersSchema.parse(own);
      return {
        endpointId,
        retrying: Math.max(0, waiting - held),
        held,
        oldestOwedMs: oldestAt === undefined ? 0 : Math.max(0, nowMs - Number(oldestAt)),
        failingMs: failingSince === null ? 0 : Math.max(0, nowMs - Date.parse(failingSince)),
      };
    });
  };
}
